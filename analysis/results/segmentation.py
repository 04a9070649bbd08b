"""Masks as one binary Segmentation object (PS3.3 A.51, C.8.20)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from analysis.errors import InvalidResult
from analysis.findings import Mask, Result
from analysis.results.header import file_meta, new_result
from analysis.results.legal import legal_value
from analysis.results.run import Run
from analysis.results.segment_frames import frame_groups, shared_groups
from analysis.results.segment_reference import SEGMENTATION_CLASS, SegmentReference
from analysis.results.segments import segment_item
from analysis.series import SeriesInput

_EXPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
# What an image says about lossy compression holds for everything derived from it (PS3.3 C.7.6.1.1.5).
_LOSSY = ("LossyImageCompressionRatio", "LossyImageCompressionMethod")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Segmentation:
    """A SEG data set and how to refer to each of its segments, by index of the mask."""

    dataset: Dataset
    references: tuple[SegmentReference, ...]


def build_segmentation(run: Run, result: Result) -> Segmentation | None:
    """Make one SEG of all masks; None without masks.

    Raises
    ------
    InvalidResult
        If a mask does not have the shape of the series, or is empty.
    """
    if not result.masks:
        return None
    _check(run.series, result.masks)
    ds = new_result(run, modality="SEG", sop_class_uid=SEGMENTATION_CLASS, kind="SEG", number=2)
    _series_module(ds, run)
    ds.SegmentSequence = [
        segment_item(run, mask, number, _tracked_by(result, number - 1)) for number, mask in enumerate(result.masks, 1)
    ]
    used = [np.nonzero(mask.array.any(axis=(1, 2)))[0] for mask in result.masks]
    _frames(ds, run, result.masks, used)
    ds.file_meta = file_meta(ds, _EXPLICIT_LITTLE_ENDIAN)
    references = tuple(
        SegmentReference(
            sop_instance_uid=ds.SOPInstanceUID,
            number=number,
            slices=tuple(run.series.slices[index] for index in indices),
        )
        for number, indices in enumerate(used, 1)
    )
    return Segmentation(dataset=ds, references=references)


def _check(series: SeriesInput, masks: Sequence[Mask]) -> None:
    expected = (len(series.slices), *series.slices[0].shape)
    if any(item.shape != expected[1:] for item in series.slices):
        raise InvalidResult(["masks need slices of one size"])
    reasons = []
    for mask in masks:
        if mask.array.shape != expected:
            reasons.append(f"mask '{mask.label}' has shape {mask.array.shape}, the series {expected}")
        elif not mask.array.any():
            reasons.append(f"mask '{mask.label}' is empty")
    if reasons:
        raise InvalidResult(reasons)


def _tracked_by(result: Result, index: int) -> str | None:
    """Give the identifier of the finding that the mask belongs to."""
    return next((finding.identifier for finding in result.findings if finding.mask == index), None)


def _series_module(ds: Dataset, run: Run) -> None:
    """Segmentation series and image attributes that do not depend on the masks."""
    header = run.series.header
    for keyword in ("BodyPartExamined", "PatientPosition"):
        value = legal_value(header, keyword)
        if value:
            setattr(ds, keyword, value)
    # No Laterality: validators refuse it in multi-frame objects. The side stands in each segment's anatomic region.
    if run.series.has_frame_of_reference:
        ds.FrameOfReferenceUID = header.FrameOfReferenceUID
        ds.PositionReferenceIndicator = header.get("PositionReferenceIndicator") or ""
    else:
        # Type 2C: required where no Image Orientation (Patient) says it (PS3.3 C.7.6.1.1.1).
        ds.PatientOrientation = header.get("PatientOrientation")
    ds.ImageType = ["DERIVED", "PRIMARY"]
    ds.ContentLabel = "AI_SEGMENTATION"
    ds.ContentDescription = run.algorithm.series_description
    # A person name with one component only is the retired form (PS3.5 6.2.1).
    ds.ContentCreatorName = f"{run.algorithm.name[:60]}^AI"
    ds.SegmentationType = "BINARY"
    ds.SegmentsOverlap = "UNDEFINED"
    lossy = next((item.header for item in run.series.slices if _is_lossy(item.header)), None)
    ds.LossyImageCompression = "00" if lossy is None else "01"
    if lossy is not None:
        _copy(ds, lossy, *_LOSSY)


def _copy(ds: Dataset, source: Dataset, *keywords: str) -> None:
    """Copy what has a value."""
    for keyword in keywords:
        if source.get(keyword):
            setattr(ds, keyword, source.get(keyword))


def _is_lossy(header: Dataset) -> bool:
    return str(header.get("LossyImageCompression") or "00") == "01"


def _frames(ds: Dataset, run: Run, masks: Sequence[Mask], used: Sequence[NDArray[np.intp]]) -> None:
    """Pixels and functional groups: a frame for each slice that a segment touches, empty ones left out."""
    ds.SamplesPerPixel = 1
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.Rows, ds.Columns = run.series.slices[0].shape
    ds.BitsAllocated = ds.BitsStored = 1
    ds.HighBit = ds.PixelRepresentation = 0
    places = [(number, int(index)) for number, indices in enumerate(used, 1) for index in indices]
    ds.NumberOfFrames = len(places)
    _dimensions(ds, run)
    ds.SharedFunctionalGroupsSequence = [shared_groups(run.series)]
    ds.PerFrameFunctionalGroupsSequence = list(frame_groups(run.series, places))
    ds.ReferencedSeriesSequence = [_referenced_series(run.series, {index for _, index in places})]
    ds.PixelData = packed(masks[number - 1].array[index] for number, index in places)
    ds["PixelData"].VR = "OB"


def packed(planes: Iterator[NDArray[np.bool_]]) -> bytes:
    """Pack planes bit after bit, without padding between frames (PS3.5 8.1.1), to an even number of bytes."""
    bits = np.concatenate([np.ascontiguousarray(plane, dtype=bool).reshape(-1) for plane in planes])
    data = np.packbits(bits, bitorder="little").tobytes()
    return data + b"\0" * (len(data) % 2)


def _dimensions(ds: Dataset, run: Run) -> None:
    """Dimension organization: segment, then position (PS3.3 C.7.6.17)."""
    uid = run.uid("SEG", "dimensions")
    organization = Dataset()
    organization.DimensionOrganizationUID = uid
    ds.DimensionOrganizationSequence = [organization]
    segment_number, segment_group = 0x0062000B, 0x0062000A
    if run.series.has_frame_of_reference:
        second = (0x00200032, 0x00209113, "Image Position (Patient)")
    else:
        second = (0x00209057, 0x00209111, "In-Stack Position Number")
    ds.DimensionIndexSequence = []
    for pointer, group, label in ((segment_number, segment_group, "Segment Number"), second):
        index = Dataset()
        index.DimensionOrganizationUID = uid
        index.DimensionIndexPointer = pointer
        index.FunctionalGroupPointer = group
        index.DimensionDescriptionLabel = label
        ds.DimensionIndexSequence.append(index)


def _referenced_series(series: SeriesInput, indices: set[int]) -> Dataset:
    """Name every image that a frame was derived from: Common Instance Reference module (PS3.3 C.12.2)."""
    item = Dataset()
    item.ReferencedInstanceSequence = []
    seen = set()
    for index in sorted(indices):
        source = series.slices[index]
        if source.sop_instance_uid not in seen:
            seen.add(source.sop_instance_uid)
            reference = Dataset()
            reference.ReferencedSOPClassUID = source.header.SOPClassUID
            reference.ReferencedSOPInstanceUID = source.sop_instance_uid
            item.ReferencedInstanceSequence.append(reference)
    item.SeriesInstanceUID = series.series_instance_uid
    return item
