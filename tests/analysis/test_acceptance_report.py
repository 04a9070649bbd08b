from datetime import UTC, datetime
from pathlib import Path

from analysis.codes import ARTIFICIAL_INTELLIGENCE
from analysis.findings import Result
from analysis.results.acceptance import accept
from analysis.results.run import Algorithm
from analysis.series import SeriesInput
from tests.analysis.conftest import complaints, objects_of, run_of

MODEL = Algorithm(name="test-model", version="2.0", manufacturer="Test", family=ARTIFICIAL_INTELLIGENCE)
WHEN = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)


def test_an_accepted_report_is_a_new_verified_final_document(chest: SeriesInput) -> None:
    report = objects_of(run_of(chest, MODEL), Result())["SR"]
    accepted = accept(report, person_name="Hopper^Grace", time=WHEN)
    assert (accepted.VerificationFlag, accepted.PreliminaryFlag) == ("VERIFIED", "FINAL")
    assert accepted.SOPInstanceUID != report.SOPInstanceUID
    assert accepted.file_meta.MediaStorageSOPInstanceUID == accepted.SOPInstanceUID
    (observer,) = accepted.VerifyingObserverSequence
    assert observer.VerifyingObserverName == "Hopper^Grace"
    assert observer.VerificationDateTime == "20261123123000"
    named = accepted.PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence[0]
    assert named.ReferencedSOPInstanceUID == report.SOPInstanceUID


def test_the_preliminary_report_is_left_as_it_was(chest: SeriesInput) -> None:
    report = objects_of(run_of(chest, MODEL), Result())["SR"]
    before = report.to_json()
    accept(report, person_name="Hopper^Grace", time=WHEN)
    assert report.to_json() == before


def test_the_validator_accepts_an_accepted_report(chest: SeriesInput, tmp_path: Path) -> None:
    report = objects_of(run_of(chest, MODEL), Result())["SR"]
    path = tmp_path / "accepted.dcm"
    accept(report, person_name="Hopper^Grace", time=WHEN).save_as(path, enforce_file_format=True)
    assert complaints(path) == []
