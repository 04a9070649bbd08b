"""References of a result: valid UIDs that lead somewhere."""

from collections.abc import Iterable, Iterator

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from analysis.results.conversion import items_below
from archive.uids import is_valid_uid

_REFERENCED = "ReferencedSOPInstanceUID"


def invalid_uids(ds: Dataset) -> Iterator[str]:
    """Name the elements whose UIDs break PS3.5 9.1, anywhere in the data set."""
    for element in ds:
        if element.VR == "SQ":
            for item in element.value:
                yield from invalid_uids(item)
        elif element.VR == "UI" and not _is_valid(element):
            yield f"{element.keyword or element.tag} is not a valid UID"


def evidence_uids(report: Dataset) -> set[str]:
    """Collect the SOP Instance UIDs that a report lists as evidence."""
    listed: set[str] = set()
    for keyword in ("CurrentRequestedProcedureEvidenceSequence", "PertinentOtherEvidenceSequence"):
        for study in report.get(keyword) or ():
            for series in study.ReferencedSeriesSequence:
                listed.update(str(item.ReferencedSOPInstanceUID) for item in series.ReferencedSOPSequence)
    return listed


def unresolved_references(report: Dataset, images: Iterable[str], segmentations: dict[str, Dataset]) -> Iterator[str]:
    """Name references of a report that are not in its evidence, or segments that do not exist.

    Parameters
    ----------
    images
        SOP Instance UIDs of the input, all of which must be evidence.
    segmentations
        SEG objects of the same run, by SOP Instance UID.
    """
    evidence = evidence_uids(report)
    if not set(images) <= evidence:
        yield "SR: an input image is not in the evidence"
    for item in items_below(report):
        for reference in item.get("ReferencedSOPSequence") or ():
            uid = str(reference.ReferencedSOPInstanceUID)
            if uid not in evidence:
                yield "SR: a referenced object is not in the evidence"
            if uid in segmentations:
                yield from _missing_segments(reference, segmentations[uid])


def inconsistent_frames(segmentation: Dataset) -> Iterator[str]:
    """Name what does not fit together in a segmentation's frames."""
    frames = int(segmentation.NumberOfFrames)
    if len(segmentation.PerFrameFunctionalGroupsSequence) != frames:
        yield "SEG: functional groups and frames differ in number"
    bits = frames * int(segmentation.Rows) * int(segmentation.Columns)
    length = (bits + 7) // 8
    if len(segmentation.PixelData) != length + length % 2:
        yield "SEG: pixel data has the wrong length"
    numbers = {int(item.SegmentNumber) for item in segmentation.SegmentSequence}
    used = {
        int(group.SegmentIdentificationSequence[0].ReferencedSegmentNumber)
        for group in segmentation.PerFrameFunctionalGroupsSequence
    }
    if numbers != used or numbers != set(range(1, len(numbers) + 1)):
        yield "SEG: segment numbers and frames do not agree"


def _is_valid(element: DataElement) -> bool:
    uids = _values(element.value)
    # A reference to nothing is no reference; other UIDs may be left empty where they are of Type 2.
    return all(is_valid_uid(str(uid)) for uid in uids) and bool(uids or element.keyword != _REFERENCED)


def _missing_segments(reference: Dataset, segmentation: Dataset) -> Iterator[str]:
    known = {int(item.SegmentNumber) for item in segmentation.SegmentSequence}
    numbers = reference.get("ReferencedSegmentNumber")
    wanted = set() if numbers is None else {int(str(number)) for number in _values(numbers)}
    if not wanted or not wanted <= known:
        yield "SR: a referenced segment does not exist"


def _values(value: object) -> list[object]:
    if value is None or value == "":
        return []
    return list(value) if isinstance(value, Iterable) and not isinstance(value, str) else [value]
