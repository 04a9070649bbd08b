"""The structured report: Imaging Measurement Report, PS3.16 TID 1500, with its document modules."""

from collections.abc import Iterator

from pydicom.dataset import Dataset

from analysis.findings import Code, Evaluation, Finding, Result, Summary
from analysis.results.evidence import evidence_of, predecessor_reference, requests_of
from analysis.results.groups import evaluation_item, groups_of
from analysis.results.header import MANUFACTURER, file_meta, new_result
from analysis.results.items import CONTEXT, MODIFIER, code, container, text, uid_reference
from analysis.results.library import image_library
from analysis.results.regions import slice_of
from analysis.results.run import Algorithm, Run, SRClass
from analysis.results.segmentation import Segmentation
from analysis.series import Slice

REPORT_TITLE = Code("126000", "DCM", "Imaging Measurement Report")
SUMMARY = Code("111017", "DCM", "CAD Processing and Findings Summary")
QUALITATIVE_EVALUATIONS = Code("C0034375", "UMLS", "Qualitative Evaluations")
IMAGING_MEASUREMENTS = Code("126010", "DCM", "Imaging Measurements")

_LANGUAGE = Code("121049", "DCM", "Language of Content Item and Descendants")
_ENGLISH = Code("en", "RFC5646", "English")
_PROCEDURE_REPORTED = Code("121058", "DCM", "Procedure reported")
_SUMMARY_MEANINGS = {
    Summary.SUCCEEDED_WITHOUT_FINDINGS: "All algorithms succeeded; without findings",
    Summary.SUCCEEDED_WITH_FINDINGS: "All algorithms succeeded; with findings",
    Summary.PARTLY_FAILED_WITHOUT_FINDINGS: "Not all algorithms succeeded; without findings",
    Summary.PARTLY_FAILED_WITH_FINDINGS: "Not all algorithms succeeded; with findings",
    Summary.FAILED: "No algorithms succeeded; without findings",
}
_IMAGING = Code("363679005", "SCT", "Imaging procedure")
_RADIOGRAPHY = Code("43468-8", "LN", "XR unspecified body region")
# CID 100, by modality. What the images' own codes say in more detail stands in Procedure Code Sequence.
_PROCEDURES = {
    "CT": Code("25045-6", "LN", "CT unspecified body region"),
    "MR": Code("25056-3", "LN", "MRI unspecified body region"),
    "NM": Code("49118-3", "LN", "NM unspecified body region"),
    "PT": Code("44136-0", "LN", "PET unspecified body region"),
    "CR": _RADIOGRAPHY,
    "DX": _RADIOGRAPHY,
    "MG": _RADIOGRAPHY,
}


def build_report(run: Run, result: Result, segmentation: Segmentation | None) -> Dataset:
    """Make the report of a run, as Comprehensive 3D SR; `conversion.convert_sr` makes the other classes of it."""
    ds = new_result(run, modality="SR", sop_class_uid=SRClass.COMPREHENSIVE_3D.uid, kind="SR", number=1)
    _document_general(ds, run, result, segmentation)
    root = container(REPORT_TITLE, _content(run, result, segmentation), relationship=None, template="1500")
    for element in root:
        ds[element.tag] = element
    ds.file_meta = file_meta(ds, "1.2.840.10008.1.2.1")
    return ds


def _document_general(ds: Dataset, run: Run, result: Result, segmentation: Segmentation | None) -> None:
    """SR Document Series and General modules (PS3.3 C.17.1, C.17.2)."""
    ds.ReferencedPerformedProcedureStepSequence = []
    ds.PerformedProcedureCodeSequence = []
    ds.CompletionFlag = "COMPLETE" if result.summary.complete else "PARTIAL"
    if not result.summary.complete:
        ds.CompletionFlagDescription = ("Not finished: " + ", ".join(result.failed_parts))[:64]
    ds.VerificationFlag = "UNVERIFIED"
    ds.PreliminaryFlag = "PRELIMINARY"
    others = [segmentation.dataset] if segmentation is not None else []
    ds.CurrentRequestedProcedureEvidenceSequence = evidence_of(run.series, others)
    if run.predecessor is not None:
        ds.PredecessorDocumentsSequence = [predecessor_reference(run.predecessor)]
    requests = requests_of(run.series.header)
    if requests:
        ds.ReferencedRequestSequence = requests


def _content(run: Run, result: Result, segmentation: Segmentation | None) -> Iterator[Dataset]:
    yield code(_LANGUAGE, _ENGLISH, MODIFIER)
    yield from _observer(run.algorithm)
    yield code(_PROCEDURE_REPORTED, _PROCEDURES.get(run.series.modality, _IMAGING), MODIFIER)
    yield from image_library(_key_images(run, result, segmentation))
    groups = list(_groups(run, result, segmentation))
    if groups:
        yield container(IMAGING_MEASUREMENTS, groups)
    state = result.summary
    summary = Evaluation(name=SUMMARY, value=Code(state.value, "DCM", _SUMMARY_MEANINGS[state]))
    yield container(QUALITATIVE_EVALUATIONS, [evaluation_item(summary)])


def _observer(algorithm: Algorithm) -> Iterator[Dataset]:
    """Observation context: the observer is a device (TID 1002, TID 1004)."""
    yield code(Code("121005", "DCM", "Observer Type"), Code("121007", "DCM", "Device"), CONTEXT)
    yield uid_reference(Code("121012", "DCM", "Device Observer UID"), algorithm.device_uid, CONTEXT)
    for value, meaning, content in (
        ("121013", "Device Observer Name", algorithm.name),
        ("121014", "Device Observer Manufacturer", algorithm.manufacturer or MANUFACTURER),
        ("121015", "Device Observer Model Name", algorithm.name),
        ("121016", "Device Observer Serial Number", algorithm.version),
    ):
        yield text(Code(value, "DCM", meaning), content, CONTEXT)


def _groups(run: Run, result: Result, segmentation: Segmentation | None) -> Iterator[Dataset]:
    for finding in result.findings:
        segment = segmentation.references[finding.mask] if segmentation and finding.mask is not None else None
        yield from groups_of(run, finding, segment)
    if result.measurements:
        whole = Finding(identifier="Examination", finding=_IMAGING, abnormal=False, measurements=result.measurements)
        yield from groups_of(run, whole, None)


def _key_images(run: Run, result: Result, segmentation: Segmentation | None) -> Iterator[Slice]:
    """Give the images that findings lie on; of a segment without a region, the slice with most of it."""
    series = run.series
    for finding in result.findings:
        if finding.region is not None:
            yield slice_of(series, finding.region)
        elif finding.mask is not None and segmentation is not None:
            area = result.masks[finding.mask].array.sum(axis=(1, 2))
            yield series.slices[int(area.argmax())]
