"""Functional groups of a segmentation's frames (PS3.3 C.7.6.16)."""

from collections.abc import Iterator, Sequence

import numpy as np
from pydicom.dataset import Dataset

from analysis.findings import Code
from analysis.geometry import Plane
from analysis.results.items import code_item, decimal
from analysis.series import SeriesInput, Slice

_SEGMENTATION = Code("113076", "DCM", "Segmentation")
# Cosines that are nearer to exact ones than this are taken as they are.
_ROUNDED = 1e-5
_SOURCE_IMAGE = Code("121322", "DCM", "Source image for image processing operation")


def shared_groups(series: SeriesInput) -> Dataset:
    """Make what all frames share: spacing and orientation, where the series has them."""
    groups = Dataset()
    plane = series.slices[0].plane
    if plane is None or not series.has_frame_of_reference:
        return groups
    measures = Dataset()
    distance = _slice_distance_mm(series)
    measures.SliceThickness = decimal(_thickness_mm(series.slices[0], distance))
    if distance is not None:
        measures.SpacingBetweenSlices = decimal(distance)
    measures.PixelSpacing = [decimal(plane.row_spacing_mm), decimal(plane.column_spacing_mm)]
    groups.PixelMeasuresSequence = [measures]
    if _one_orientation(series):
        groups.PlaneOrientationSequence = [_orientation(plane)]
    return groups


def frame_groups(series: SeriesInput, places: Sequence[tuple[int, int]]) -> Iterator[Dataset]:
    """Make each frame's groups.

    Parameters
    ----------
    places
        (segment number, slice index) of each frame.
    """
    rank = {index: order for order, index in enumerate(sorted({index for _, index in places}), 1)}
    placed = series.has_frame_of_reference
    one_orientation = _one_orientation(series)
    derivation = code_item(_SEGMENTATION)
    purpose = code_item(_SOURCE_IMAGE)
    for segment, index in places:
        item = series.slices[index]
        groups = Dataset()
        groups.DerivationImageSequence = [_derivation(item, derivation, purpose)]
        groups.FrameContentSequence = [_frame_content(segment, rank[index], placed=placed)]
        if placed and item.plane is not None:
            position = Dataset()
            position.ImagePositionPatient = [decimal(value) for value in item.plane.position_mm]
            groups.PlanePositionSequence = [position]
            if not one_orientation:
                groups.PlaneOrientationSequence = [_orientation(item.plane)]
        identification = Dataset()
        identification.ReferencedSegmentNumber = segment
        groups.SegmentIdentificationSequence = [identification]
        yield groups


def _frame_content(segment: int, rank: int, *, placed: bool) -> Dataset:
    content = Dataset()
    if not placed:
        content.StackID = "1"
        content.InStackPositionNumber = rank
    content.DimensionIndexValues = [segment, rank]
    return content


def _derivation(item: Slice, derivation: Dataset, purpose: Dataset) -> Dataset:
    """Name the image that a frame was derived from (PS3.3 C.7.6.16.2.6)."""
    source = Dataset()
    source.ReferencedSOPClassUID = item.header.SOPClassUID
    source.ReferencedSOPInstanceUID = item.sop_instance_uid
    if item.frame_number is not None:
        source.ReferencedFrameNumber = item.frame_number
    source.PurposeOfReferenceCodeSequence = [purpose]
    source.SpatialLocationsPreserved = "YES"
    derived = Dataset()
    derived.SourceImageSequence = [source]
    derived.DerivationCodeSequence = [derivation]
    return derived


def _orientation(plane: Plane) -> Dataset:
    orientation = Dataset()
    orientation.ImageOrientationPatient = [decimal(value) for value in _cosines(plane)]
    return orientation


def _cosines(plane: Plane) -> tuple[float, ...]:
    """Give the orientation as the images have it, or as unit vectors at a right angle where theirs are rounded.

    Tilted gantries are often written with three digits, which is no direction to a strict reader (PS3.3 C.7.6.2.1.1).
    """
    row, column = np.asarray(plane.along_row), np.asarray(plane.along_column)
    exact_row = row / np.linalg.norm(row)
    exact_column = column - exact_row * float(column @ exact_row)
    exact_column /= np.linalg.norm(exact_column)
    exact = (*map(float, exact_row), *map(float, exact_column))
    said = (*plane.along_row, *plane.along_column)
    return said if np.allclose(said, exact, rtol=0, atol=_ROUNDED) else exact


def _one_orientation(series: SeriesInput) -> bool:
    first = series.slices[0].plane
    return first is not None and all(
        item.plane is not None
        and (item.plane.along_row, item.plane.along_column) == (first.along_row, first.along_column)
        for item in series.slices
    )


def _slice_distance_mm(series: SeriesInput) -> float | None:
    """Give the usual distance between neighbouring slices; None for a single one or one position."""
    first = series.slices[0].plane
    if first is None:
        return None
    heights = [float(np.dot(first.normal, item.plane.position_mm)) for item in series.slices if item.plane is not None]
    steps = np.abs(np.diff(heights))
    steps = steps[steps > 0]
    return float(np.median(steps)) if steps.size else None


def _thickness_mm(item: Slice, distance_mm: float | None) -> float:
    """Give the slice thickness; the distance between slices, or 1 mm, where the images do not say (Type 1 here)."""
    try:
        thickness = float(item.header.get("SliceThickness") or 0)
    except (TypeError, ValueError):
        thickness = 0.0
    return thickness if thickness > 0 else distance_mm or 1.0
