"""The structured report: Imaging Measurement Report, PS3.16 TID 1500, with its document modules."""

from collections.abc import Iterator, Sequence

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
# What to report for images that do not name their procedure.
_PROCEDURES = {
    "CT": Code("77477000", "SCT", "Computed tomography"),
    "MR": Code("113091000", "SCT", "Magnetic resonance imaging"),
    "PT": Code("82918005", "SCT", "Positron emission tomography"),
    "US": Code("16310003", "SCT", "Diagnostic ultrasonography"),
    "MG": Code("71651007", "SCT", "Mammography"),
}
_IMAGING = Code("363679005", "SCT", "Imaging procedure")


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
    for procedure in _procedures(run.series.header):
        yield code(_PROCEDURE_REPORTED, procedure, MODIFIER)
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


def _procedures(header: Dataset) -> Sequence[Code]:
    """Give the imaging procedure: what the images say, else what their modality is."""
    named = []
    for item in header.get("ProcedureCodeSequence") or ():
        value = item.get("CodeValue") or item.get("LongCodeValue")
        if value and item.get("CodingSchemeDesignator") and item.get("CodeMeaning"):
            named.append(Code(str(value), str(item.CodingSchemeDesignator), str(item.CodeMeaning)))
    return named or [_PROCEDURES.get(str(header.get("Modality")), _IMAGING)]


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
