from collections.abc import Callable

import pytest
from pydicom.dataset import Dataset

from analysis.errors import InvalidResult
from analysis.findings import Mask, Result
from analysis.results.package import build_objects
from analysis.results.run import Algorithm, Run
from analysis.series import SeriesInput
from analysis.validation.checks import validate
from tests.analysis.conftest import analyzer_called, run_of, silent


@pytest.fixture
def run(chest: SeriesInput) -> Run:
    return run_of(chest, Algorithm.of(analyzer_called("ct-lung-densitometry")))


@pytest.fixture
def objects(run: Run) -> list[Dataset]:
    analyzer = analyzer_called("ct-lung-densitometry")
    return build_objects(run, analyzer.analyze(run.series, silent))


def _measurements(report: Dataset) -> Dataset:
    found: Dataset = next(
        item for item in report.ContentSequence if item.ConceptNameCodeSequence[0].CodeValue == "126010"
    )
    return found


def _without_completion(_seg: Dataset, report: Dataset) -> None:
    del report.CompletionFlag


def _other_patient(_seg: Dataset, report: Dataset) -> None:
    report.PatientID = "SOMEBODY ELSE"


def _bad_uid(_seg: Dataset, report: Dataset) -> None:
    report.SeriesInstanceUID = "1.2.x"


def _image_not_in_evidence(_seg: Dataset, report: Dataset) -> None:
    evidence = report.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence[0]
    evidence.ReferencedSOPSequence.pop()


def _unknown_segment(_seg: Dataset, report: Dataset) -> None:
    for group in _measurements(report).ContentSequence:
        for item in group.ContentSequence:
            if item.ValueType == "IMAGE":
                item.ReferencedSOPSequence[0].ReferencedSegmentNumber = 9


def _no_tracking_uid(_seg: Dataset, report: Dataset) -> None:
    group = _measurements(report).ContentSequence[0]
    del group.ContentSequence[1]


def _no_summary(_seg: Dataset, report: Dataset) -> None:
    report.ContentSequence.pop()


def _short_pixels(seg: Dataset, _report: Dataset) -> None:
    seg.PixelData = seg.PixelData[:-2]


@pytest.mark.filterwarnings("ignore:Invalid value:UserWarning")
@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (_without_completion, "CompletionFlag has no value"),
        (_other_patient, "PatientID differs from the images"),
        (_bad_uid, "SeriesInstanceUID is not a valid UID"),
        (_image_not_in_evidence, "an input image is not in the evidence"),
        (_unknown_segment, "a referenced segment does not exist"),
        (_no_tracking_uid, "a measurement group needs 112040 once"),
        (_no_summary, "no CAD Processing and Findings Summary"),
        (_short_pixels, "pixel data has the wrong length"),
    ],
)
def test_a_spoilt_object_is_refused_with_the_reason(
    run: Run, objects: list[Dataset], spoil: Callable[[Dataset, Dataset], None], reason: str
) -> None:
    images = [item.header for item in run.series.slices]
    validate(objects, images)
    spoil(*objects)
    with pytest.raises(InvalidResult, match=reason):
        validate(objects, images)


def test_all_reasons_are_named_at_once(run: Run, objects: list[Dataset]) -> None:
    _other_patient(*objects)
    _short_pixels(*objects)
    with pytest.raises(InvalidResult) as raised:
        validate(objects, [item.header for item in run.series.slices])
    assert len(raised.value.reasons) >= 2


def test_a_mask_of_another_shape_is_refused(run: Run) -> None:
    analyzer = analyzer_called("ct-lung-densitometry")
    result = analyzer.analyze(run.series, silent)
    mask = result.masks[0]
    cut = Mask(array=mask.array[:-1], label=mask.label, category=mask.category, property_type=mask.property_type)
    with pytest.raises(InvalidResult, match="has shape"):
        build_objects(run, Result(masks=(cut,)))


def test_an_empty_mask_is_refused(run: Run) -> None:
    analyzer = analyzer_called("ct-lung-densitometry")
    mask = analyzer.analyze(run.series, silent).masks[0]
    empty = Mask(array=mask.array & False, label="x", category=mask.category, property_type=mask.property_type)
    with pytest.raises(InvalidResult, match="is empty"):
        build_objects(run, Result(masks=(empty,)))
