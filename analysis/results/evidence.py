"""What a result was made from (PS3.3 C.17.2): evidence, requests, predecessors."""

from collections.abc import Iterable

from pydicom.dataset import Dataset

from analysis.results.items import reference_to
from analysis.results.legal import legal_items
from analysis.series import SeriesInput


def evidence_of(series: SeriesInput, others: Iterable[Dataset] = ()) -> list[Dataset]:
    """Make Current Requested Procedure Evidence Sequence: every input image and `others` of the same study."""
    by_series: dict[str, dict[str, Dataset]] = {}
    for header in (*(item.header for item in series.slices), *others):
        known = by_series.setdefault(str(header.SeriesInstanceUID), {})
        uid = str(header.SOPInstanceUID)
        if uid not in known:
            known[uid] = reference_to(str(header.SOPClassUID), uid)
    return [hierarchical(series.study_instance_uid, by_series)]


def hierarchical(study_instance_uid: str, by_series: dict[str, dict[str, Dataset]]) -> Dataset:
    """Make an item of the Hierarchical SOP Instance Reference macro (PS3.3 C.17.2.1)."""
    study = Dataset()
    study.ReferencedSeriesSequence = []
    study.StudyInstanceUID = study_instance_uid
    for series_uid, references in by_series.items():
        item = Dataset()
        item.ReferencedSOPSequence = list(references.values())
        item.SeriesInstanceUID = series_uid
        study.ReferencedSeriesSequence.append(item)
    return study


def predecessor_reference(document: Dataset) -> Dataset:
    """Make an item of Predecessor Documents Sequence for a stored document."""
    uid = str(document.SOPInstanceUID)
    reference = reference_to(str(document.SOPClassUID), uid)
    return hierarchical(str(document.StudyInstanceUID), {str(document.SeriesInstanceUID): {uid: reference}})


def requests_of(header: Dataset) -> list[Dataset]:
    """Make Referenced Request Sequence from the order data in the images, if there are any (PS3.3 C.17.2)."""
    requests = []
    for order in header.get("RequestAttributesSequence") or ():
        item = Dataset()
        item.StudyInstanceUID = order.get("StudyInstanceUID") or header.StudyInstanceUID
        item.ReferencedStudySequence = _legal(order, "ReferencedStudySequence")
        item.AccessionNumber = order.get("AccessionNumber") or header.get("AccessionNumber")
        item.PlacerOrderNumberImagingServiceRequest = order.get("PlacerOrderNumberImagingServiceRequest")
        item.FillerOrderNumberImagingServiceRequest = order.get("FillerOrderNumberImagingServiceRequest")
        item.RequestedProcedureID = order.get("RequestedProcedureID")
        item.RequestedProcedureDescription = order.get("RequestedProcedureDescription")
        item.RequestedProcedureCodeSequence = _legal(order, "RequestedProcedureCodeSequence")
        requests.append(item)
    return requests


def _legal(order: Dataset, keyword: str) -> list[Dataset]:
    """Keep the complete items of a Type 2 sequence: schedulers send empty ones along."""
    return legal_items(keyword, order.get(keyword) or ())
