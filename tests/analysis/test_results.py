"""SR and SEG of every kind of image, judged by validators that are not ours."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from analysis.analyzers import Analyzer
from analysis.codes import ABNORMAL_STRUCTURE, ARTIFICIAL_INTELLIGENCE, DIAMETER, MILLIMETER
from analysis.execution import execute
from analysis.findings import Code, Finding, Mask, Measurement, Region, Result, Shape, Space
from analysis.messages import Request
from analysis.results.conversion import items_below
from analysis.results.package import write_results
from analysis.results.run import Algorithm, SRClass
from analysis.series import SeriesInput
from isocenter.demo.phantom import PhantomStudy
from tests.analysis.conftest import (
    CREATED,
    analyzer_called,
    complaints,
    data_files,
    objects_of,
    run_of,
    series_of,
    silent,
)

MODEL = Algorithm(name="test-model", version="2.0", manufacturer="Test", family=ARTIFICIAL_INTELLIGENCE)
NODULE = Code("27925004", "SCT", "Nodule")


def finding_result(analyzer: Analyzer, series: SeriesInput) -> Result:
    """Let a mock analyze until it finds something: its results depend on its version."""
    for number in range(40):
        analyzer.version = f"1.{number}"  # type: ignore[misc]  # a mock's version is an attribute
        result = analyzer.analyze(series, silent)
        if result.findings:
            return result
    raise AssertionError("forty normal results in a row")


def codes_in(report: Dataset) -> dict[str, list[Dataset]]:
    """Sort a report's content items by the code of their names."""
    found: dict[str, list[Dataset]] = {}
    for item in items_below(report):
        names = item.get("ConceptNameCodeSequence")
        if names:
            found.setdefault(str(names[0].CodeValue), []).append(item)
    return found


@pytest.mark.parametrize("sr_class", list(SRClass))
def test_the_validator_accepts_report_and_segmentation(chest: SeriesInput, tmp_path: Path, sr_class: SRClass) -> None:
    mock = analyzer_called("mock-ct-chest")
    result = finding_result(mock, chest)
    for file in write_results(run_of(chest, Algorithm.of(mock), sr_class=sr_class), result, tmp_path):
        assert complaints(file.path) == [], file.modality


def test_the_validator_accepts_lung_densitometry(chest: SeriesInput, tmp_path: Path) -> None:
    analyzer = analyzer_called("ct-lung-densitometry")
    result = analyzer.analyze(chest, silent)
    files = write_results(run_of(chest, Algorithm.of(analyzer)), result, tmp_path)
    assert [file.modality for file in files] == ["SEG", "SR"]
    for file in files:
        assert complaints(file.path) == [], file.modality


def test_a_normal_result_is_a_report_too(chest: SeriesInput, tmp_path: Path) -> None:
    (file,) = write_results(run_of(chest, MODEL), Result(), tmp_path)
    assert complaints(file.path) == []
    (summary,) = codes_in(dcmread(file.path))["111017"]
    assert summary.ConceptCodeSequence[0].CodeValue == "111241"


def test_a_partly_failed_result_says_so(chest: SeriesInput) -> None:
    report = objects_of(run_of(chest, MODEL), Result(failed_parts=("lobes",)))["SR"]
    assert report.CompletionFlag == "PARTIAL"
    assert codes_in(report)["111017"][0].ConceptCodeSequence[0].CodeValue == "111243"


# Files that the public collections spoil themselves (empty Patient ID, old names) are judged on errors alone.
@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("mock-ct-head", ("ct_phantom_head_1mm",)),
        ("mock-xr-chest", ("cr_dx", "dx_image.dcm")),
        ("mock-mg-breast", ("mg", "GH133.dcm")),
        ("mock-us-thyroid", ("us_multiframe",)),
        ("mock-us-thyroid", ("us", "US-RGB-8-epicard")),
        ("mock-pt-lesion", ("pt", "GH184.dcm")),
    ],
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_real_images_of_each_modality_give_objects_without_errors(
    name: str, parts: tuple[str, ...], tmp_path: Path
) -> None:
    series = series_of(data_files(*parts))
    mock = analyzer_called(name)
    result = finding_result(mock, series)
    for file in write_results(run_of(series, Algorithm.of(mock)), result, tmp_path):
        errors = [line for line in complaints(file.path) if line.startswith("Error")]
        assert [line for line in errors if "999.999" not in line and "invalid data values" not in line] == []


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_real_mr_series_gives_objects_without_errors(tmp_path: Path) -> None:
    by_series: dict[str, list[Path]] = {}
    for path in data_files("mr_epi_ge"):
        header = dcmread(path, stop_before_pixels=True, specific_tags=["SeriesInstanceUID"])
        by_series.setdefault(str(header.SeriesInstanceUID), []).append(path)
    series = series_of(min(by_series.values(), key=len))
    mock = analyzer_called("mock-mr-brain")
    for file in write_results(run_of(series, Algorithm.of(mock)), finding_result(mock, series), tmp_path):
        assert [line for line in complaints(file.path) if line.startswith("Error")] == []


def test_the_study_stays_consistent(chest: SeriesInput, phantom: PhantomStudy, tmp_path: Path) -> None:
    if shutil.which("dcentvfy") is None:
        pytest.skip("dcentvfy (Debian dicom3tools) is not installed")
    mock = analyzer_called("mock-ct-chest")
    files = write_results(run_of(chest, Algorithm.of(mock)), finding_result(mock, chest), tmp_path)
    paths = [str(path) for path in (*phantom.files[:3], *(file.path for file in files))]
    done = subprocess.run(["dcentvfy", *paths], capture_output=True, text=True, check=False, timeout=60)
    assert "Error" not in done.stdout + done.stderr


def test_dsrdump_shows_the_report(chest: SeriesInput, tmp_path: Path) -> None:
    if shutil.which("dsrdump") is None:
        pytest.skip("dsrdump (Debian dcmtk) is not installed")
    mock = analyzer_called("mock-ct-chest")
    result = finding_result(mock, chest)
    report = write_results(run_of(chest, Algorithm.of(mock)), result, tmp_path)[-1]
    done = subprocess.run(["dsrdump", "+U8", str(report.path)], capture_output=True, text=True, check=True, timeout=60)
    assert "Imaging Measurement Report" in done.stdout
    assert result.findings[0].finding.meaning in done.stdout


def test_the_same_run_gives_the_same_bytes(phantom: PhantomStudy, tmp_path: Path) -> None:
    written = []
    for number in range(2):
        # From the files on, in the other order: nothing may depend on either.
        series = series_of(phantom.files if number else phantom.files[::-1])
        mock = analyzer_called("mock-ct-chest")
        folder = tmp_path / str(number)
        folder.mkdir()
        files = write_results(run_of(series, Algorithm.of(mock)), finding_result(mock, series), folder)
        written.append({file.modality: file.path.read_bytes() for file in files})
    assert set(written[0]) == {"SR", "SEG"}
    assert written[0] == written[1]


def test_other_images_or_another_version_give_other_uids(chest: SeriesInput, phantom: PhantomStudy) -> None:
    fewer = series_of(phantom.files[1:])
    newer = Algorithm(name="test-model", version="2.1", manufacturer="Test", family=ARTIFICIAL_INTELLIGENCE)
    uids = {
        str(objects_of(run, Result())["SR"].SOPInstanceUID)
        for run in (run_of(chest, MODEL), run_of(fewer, MODEL), run_of(chest, newer))
    }
    assert len(uids) == 3


def test_the_header_says_that_it_is_preliminary_ai(chest: SeriesInput) -> None:
    report = objects_of(run_of(chest, MODEL), Result())["SR"]
    assert (report.CompletionFlag, report.VerificationFlag, report.PreliminaryFlag) == (
        "COMPLETE",
        "UNVERIFIED",
        "PRELIMINARY",
    )
    assert "test-model" in report.SeriesDescription
    assert "AI" in report.SeriesDescription
    assert report.SeriesNumber > 10000
    assert report.TimezoneOffsetFromUTC == "+0000"
    (equipment,) = report.ContributingEquipmentSequence
    assert equipment.DeviceUID == MODEL.device_uid
    assert "ContentQualification" not in report


def test_a_mock_says_that_it_is_one(chest: SeriesInput) -> None:
    mock = analyzer_called("mock-ct-chest")
    for ds in objects_of(run_of(chest, Algorithm.of(mock)), finding_result(mock, chest)).values():
        assert ds.SeriesDescription.startswith("MOCK: not for clinical use")
        assert ds.ContentQualification == "RESEARCH"


def test_patient_and_study_are_those_of_the_images(chest: SeriesInput) -> None:
    report = objects_of(run_of(chest, MODEL), Result())["SR"]
    image = chest.header
    for keyword in ("StudyInstanceUID", "PatientID", "IssuerOfPatientID", "AccessionNumber", "StudyID", "PatientName"):
        assert report[keyword].value == image[keyword].value
    assert report.SeriesInstanceUID != image.SeriesInstanceUID


@pytest.mark.filterwarnings("ignore:Invalid value:UserWarning")
def test_illegal_patient_values_are_repaired(chest: SeriesInput) -> None:
    header = chest.header
    header.PatientSex = "m"
    header.PatientBirthDate = "00000000"
    header.StudyTime = "11:25:01"
    header.PatientName = None
    for item in chest.slices:
        item.header.StudyTime = header.StudyTime
    del header.AccessionNumber
    report = objects_of(run_of(chest, MODEL), Result())["SR"]
    assert (report.PatientSex, report.PatientBirthDate, report.StudyTime) == ("M", "", "112501")
    assert report.AccessionNumber is None


def test_names_in_other_character_sets_come_out_as_utf_8() -> None:
    (path,) = data_files("charsets", "chrRuss.dcm")
    series = series_of([path])
    report = objects_of(run_of(series, MODEL), Result())["SR"]
    assert report.SpecificCharacterSet == "ISO_IR 192"
    assert str(report.PatientName) == str(dcmread(path).PatientName)


def test_the_segment_and_its_groups_share_the_tracking_uid(chest: SeriesInput) -> None:
    mock = analyzer_called("mock-ct-chest")
    objects = objects_of(run_of(chest, Algorithm.of(mock)), finding_result(mock, chest))
    tracked = {str(item.UID) for item in codes_in(objects["SR"])["112040"]}
    assert {str(item.TrackingUID) for item in objects["SEG"].SegmentSequence} == tracked
    evidence = objects["SR"].CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence
    listed = {str(item.ReferencedSOPInstanceUID) for series in evidence for item in series.ReferencedSOPSequence}
    assert str(objects["SEG"].SOPInstanceUID) in listed
    assert {item.sop_instance_uid for item in chest.slices} <= listed


def test_only_key_images_are_in_the_library(chest: SeriesInput) -> None:
    key = chest.slices[7]
    report = objects_of(run_of(chest, MODEL), Result(findings=(_circle_on(key.sop_instance_uid),)))["SR"]
    (group,) = codes_in(report)["126200"]
    assert [item.ReferencedSOPSequence[0].ReferencedSOPInstanceUID for item in group.ContentSequence] == [
        key.sop_instance_uid
    ]


def test_a_region_is_placed_in_the_patient(chest: SeriesInput) -> None:
    key = chest.slices[7]
    assert key.plane is not None
    report = objects_of(run_of(chest, MODEL), Result(findings=(_circle_on(key.sop_instance_uid),)))["SR"]
    (region,) = codes_in(report)["111030"]
    assert region.ValueType == "SCOORD3D"
    heights = list(region.GraphicData[2::3])
    assert heights == pytest.approx([key.plane.position_mm[2]] * len(heights), abs=1e-3)
    assert region.GraphicData[:3] == region.GraphicData[-3:]


def test_a_region_in_patient_coordinates_stays_as_given(chest: SeriesInput) -> None:
    key = chest.slices[7]
    assert key.plane is not None
    point = (12.5, -3.25, key.plane.position_mm[2])
    finding = Finding(
        identifier="Spot 1",
        finding=NODULE,
        region=Region(sop_instance_uid=key.sop_instance_uid, shape=Shape.POINT, points=(point,), space=Space.PATIENT),
    )
    (region,) = codes_in(objects_of(run_of(chest, MODEL), Result(findings=(finding,)))["SR"])["111030"]
    assert list(region.GraphicData) == pytest.approx(point)


@pytest.mark.parametrize("sr_class", [SRClass.COMPREHENSIVE, SRClass.ENHANCED])
def test_conversion_puts_regions_back_on_their_image(chest: SeriesInput, sr_class: SRClass) -> None:
    key = chest.slices[7]
    points = ((10.0, 12.0), (30.5, 12.0), (20.0, 40.0))
    finding = Finding(
        identifier="Nodule 1",
        finding=NODULE,
        region=Region(sop_instance_uid=key.sop_instance_uid, shape=Shape.POLYGON, points=points),
    )
    run = run_of(chest, MODEL, sr_class=sr_class)
    report = objects_of(run, Result(findings=(finding,)))["SR"]
    original = objects_of(run_of(chest, MODEL), Result(findings=(finding,)))["SR"]
    assert str(report.SOPClassUID) == sr_class.uid
    assert report.SOPInstanceUID != original.SOPInstanceUID
    (region,) = codes_in(report)["111030"]
    assert region.ValueType == "SCOORD"
    assert list(region.GraphicData) == pytest.approx(
        [value for point in (*points, points[0]) for value in point], abs=1e-3
    )
    assert region.ContentSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID == key.sop_instance_uid


def test_a_rerun_names_its_predecessor(chest: SeriesInput) -> None:
    first = objects_of(run_of(chest, MODEL), Result())["SR"]
    second = objects_of(run_of(chest, MODEL, predecessor=first), Result())["SR"]
    named = second.PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence[0]
    assert named.ReferencedSOPInstanceUID == first.SOPInstanceUID
    assert second.SOPInstanceUID != first.SOPInstanceUID


def _circle_on(sop_instance_uid: str) -> Finding:
    return Finding(
        identifier="Nodule 1",
        finding=NODULE,
        measurements=(Measurement(name=DIAMETER, value=12.0, unit=MILLIMETER),),
        region=Region(sop_instance_uid=sop_instance_uid, shape=Shape.CIRCLE, points=((60.0, 60.0), (64.0, 60.0))),
    )


def test_pixelmed_finds_the_templates_kept(chest: SeriesInput, tmp_path: Path) -> None:
    library = Path("/usr/share/java/pixelmed.jar")
    if not library.exists() or shutil.which("java") is None:
        pytest.skip("PixelMed (Debian libpixelmed-java) is not installed")
    # One kind of group: mixed kinds make this validator compare a group with another one's template.
    result = Result(findings=(_circle_on(chest.slices[7].sop_instance_uid),))
    (file,) = write_results(run_of(chest, MODEL), result, tmp_path)
    unlimited = [f"-Djdk.xml.{name}=0" for name in ("xpathExprGrpLimit", "xpathExprOpLimit", "xpathTotalOpLimit")]
    command = ["java", *unlimited, "-cp", f"{library}:/usr/share/java/*", "com.pixelmed.validate.DicomSRValidator"]
    done = subprocess.run([*command, str(file.path)], capture_output=True, text=True, check=False, timeout=110)
    output = done.stdout + done.stderr
    assert "IOD validation complete" in output
    assert [line for line in output.splitlines() if line.startswith("Error")] == []


def test_one_model_under_two_names_makes_two_results(phantom: PhantomStudy, tmp_path: Path) -> None:
    """The same class registered twice, with other options: one's report is not the other's."""
    reference = "tests.analysis.misbehaving:Misbehaving"
    uids = set()
    for name in ("misbehaving", "misbehaving-fine"):
        request = Request(
            analyzer=name,
            reference=reference,
            options={},
            files=((str(phantom.files[0]), 0, ""),),
            output=str(tmp_path),
            created=CREATED.isoformat(),
        )
        (report,) = execute(request, silent).files
        uids |= {report.sop_instance_uid, report.series_instance_uid}
    assert len(uids) == 4


def test_the_validator_accepts_a_segmentation_of_one_side(tmp_path: Path) -> None:
    """Images of the first radiographs have the side in their series; no multi-frame object may."""
    (path,) = data_files("cr_dx", "dx_image.dcm")
    dataset = dcmread(path)
    dataset.BodyPartExamined, dataset.Laterality = "KNEE", "L"
    dataset.save_as(tmp_path / "in.dcm")
    series = series_of([tmp_path / "in.dcm"])
    mask = np.ones((1, *series.slices[0].shape), dtype=bool)
    region = Mask(array=mask, label="Bone", category=ABNORMAL_STRUCTURE, property_type=ABNORMAL_STRUCTURE)
    algorithm = Algorithm.of(analyzer_called("mock-xr-chest"))
    objects = objects_of(run_of(series, algorithm), Result(masks=(region,)))
    objects["SEG"].save_as(tmp_path / "seg.dcm", enforce_file_format=True)
    assert objects["SEG"].BodyPartExamined == "KNEE"
    assert complaints(tmp_path / "seg.dcm") == []


def test_the_validator_accepts_a_segmentation_of_a_tilted_gantry(phantom: PhantomStudy, tmp_path: Path) -> None:
    """Scanners write the cosines with three digits, which make no unit vector; the object has the exact direction."""
    for path in phantom.files[:3]:
        dataset = dcmread(path)
        dataset.ImageOrientationPatient = ["1", "0", "0", "0", "0.966", "-0.2588"]
        dataset.save_as(tmp_path / path.name)
    series = series_of(sorted(tmp_path.glob("*.dcm")))
    array = np.ones((3, *series.slices[0].shape), dtype=bool)
    mask = Mask(array=array, label="All", category=ABNORMAL_STRUCTURE, property_type=ABNORMAL_STRUCTURE)
    segmentation = objects_of(run_of(series, MODEL), Result(masks=(mask,)))["SEG"]
    segmentation.save_as(tmp_path / "seg", enforce_file_format=True)
    assert complaints(tmp_path / "seg") == []
    (orientation,) = segmentation.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence
    assert np.allclose(orientation.ImageOrientationPatient, [1, 0, 0, 0, 0.966, -0.2588], atol=1e-4)
