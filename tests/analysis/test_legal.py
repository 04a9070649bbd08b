"""Headers that are not as the standard has them: the result is legal all the same, and says what the images say."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydicom import config
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from analysis.findings import Result
from analysis.rescale import rescale_of
from analysis.results.evidence import requests_of
from analysis.results.package import write_results
from analysis.results.patient import copy_patient_and_study
from analysis.results.run import Algorithm
from analysis.series import SeriesInput
from tests.analysis.conftest import analyzer_called, complaints, data_files, run_of, series_of
from tests.analysis.test_results import MODEL, finding_result

Spoil = Callable[[Dataset], None]


@pytest.fixture(autouse=True)
def _any_value(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the tests write values that pydicom would not."""
    monkeypatch.setattr(config.settings, "_writing_validation_mode", config.IGNORE)
    monkeypatch.setattr(config.settings, "reading_validation_mode", config.IGNORE)


def dataset(**values: Any) -> Dataset:
    made = Dataset()
    made.StudyInstanceUID = generate_uid()
    for keyword, value in values.items():
        setattr(made, keyword, value)
    return made


def copied(**values: Any) -> Dataset:
    """Copy the patient and study of images with these values."""
    target = Dataset()
    copy_patient_and_study(target, dataset(**values))
    return target


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("PatientAge", "30"),
        ("PatientAge", "unknown"),
        ("PatientSexNeutered", "yes"),
        ("PregnancyStatus", 0),
        ("SmokingStatus", "yes"),
        ("PatientIdentityRemoved", "true"),
        ("TypeOfPatientID", "lower case"),
    ],
)
def test_optional_values_that_are_not_legal_are_left_out(keyword: str, value: object) -> None:
    assert keyword not in copied(**{keyword: value})


def test_a_weight_that_is_no_number_fails_no_analysis() -> None:
    source = Dataset.from_json(
        {"00101030": {"vr": "LO", "Value": ["70kg"]}, "0020000D": {"vr": "UI", "Value": ["1.2"]}}
    )
    source["PatientWeight"].VR = "DS"
    target = Dataset()
    copy_patient_and_study(target, source)
    assert "PatientWeight" not in target


def test_what_is_legal_is_copied_as_it_is() -> None:
    target = copied(PatientAge="030Y", PatientWeight="70.5", PregnancyStatus=4, SmokingStatus="NO", PatientSize=None)
    assert (target.PatientAge, target.PatientWeight, target.PregnancyStatus) == ("030Y", 70.5, 4)
    assert target.SmokingStatus == "NO"
    assert target.PatientSize is None


def test_an_unfinished_clinical_trial_is_left_out_and_a_finished_one_is_completed() -> None:
    assert "ClinicalTrialSponsorName" not in copied(ClinicalTrialSponsorName="S", ClinicalTrialProtocolID="P")
    target = copied(ClinicalTrialSponsorName="S", ClinicalTrialProtocolID="P", ClinicalTrialSubjectID="7")
    assert target.ClinicalTrialSubjectID == "7"
    for keyword in ("ClinicalTrialProtocolName", "ClinicalTrialSiteID", "ClinicalTrialSiteName"):
        assert target[keyword].is_empty


def test_images_without_identity_that_do_not_say_how_get_a_method() -> None:
    assert copied(PatientIdentityRemoved="YES").DeidentificationMethod
    assert copied(PatientIdentityRemoved="YES", DeidentificationMethod="X").DeidentificationMethod == "X"
    assert "DeidentificationMethod" not in copied(PatientIdentityRemoved="NO")


def test_items_that_say_nothing_are_left_out() -> None:
    target = copied(
        IssuerOfAccessionNumberSequence=[Dataset()],
        IssuerOfPatientIDQualifiersSequence=[Dataset()],
        OtherPatientIDsSequence=[Dataset(), dataset(PatientID="2", TypeOfPatientID="TEXT")],
    )
    assert "IssuerOfAccessionNumberSequence" not in target
    assert "IssuerOfPatientIDQualifiersSequence" not in target
    assert [item.PatientID for item in target.OtherPatientIDsSequence] == ["2"]


def test_a_request_without_its_study_is_still_a_request() -> None:
    empty = dataset(ReferencedSOPClassUID="1.2.840.10008.3.1.2.3.1", ReferencedSOPInstanceUID="")
    order = dataset(RequestedProcedureID="RP1", ReferencedStudySequence=[empty])
    (request,) = requests_of(dataset(RequestAttributesSequence=[order]))
    assert request.RequestedProcedureID == "RP1"
    assert len(request.ReferencedStudySequence) == 0


def test_a_request_of_several_studies_in_one_is_still_a_request() -> None:
    several = dataset(ReferencedSOPClassUID="1.2.840.10008.3.1.2.3.1", ReferencedSOPInstanceUID=["1.2.3", "1.2.4"])
    order = dataset(RequestedProcedureID="RP1", ReferencedStudySequence=[several])
    (request,) = requests_of(dataset(RequestAttributesSequence=[order]))
    assert len(request.ReferencedStudySequence) == 0


def test_a_blank_rescale_slope_is_none() -> None:
    assert rescale_of(dataset(RescaleSlope="", RescaleIntercept=""), None) == (1.0, 0.0)


def _animal_without_species(header: Dataset) -> None:
    header.PatientBreedDescription, header.ResponsiblePerson = "Beagle", "Doe^Jane"


def _small_letters(header: Dataset) -> None:
    header.BodyPartExamined, header.PatientPosition = "chest", "hfs"


def _half_described(header: Dataset) -> None:
    header.PatientAge, header.PatientIdentityRemoved, header.ClinicalTrialSponsorName = "30", "YES", "S"
    header.PatientSpeciesDescription = ""
    header.IssuerOfAccessionNumberSequence = [Dataset()]


@pytest.mark.parametrize("spoil", [_animal_without_species, _small_letters, _half_described])
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_the_validator_accepts_results_of_spoiled_headers(chest: SeriesInput, tmp_path: Path, spoil: Spoil) -> None:
    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy (Debian dicom3tools) is not installed")
    mock = analyzer_called("mock-ct-chest")
    result = finding_result(mock, chest)
    for item in chest.slices:
        spoil(item.header)
    for file in write_results(run_of(chest, Algorithm.of(mock)), result, tmp_path):
        assert complaints(file.path) == [], file.modality


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_jpeg_of_twelve_bits_is_analysed_as_it_is_shown(tmp_path: Path) -> None:
    series = series_of(data_files("nema_wg04", "RG2_JPLY.dcm"))
    assert series.pixels(0).shape == series.slices[0].shape
    assert write_results(run_of(series, MODEL), Result(), tmp_path)
