"""Results of the node, judged by validators that nobody here wrote."""

from pathlib import Path

import pytest
from pydicom import dcmread

from isocenter.demo.phantom import PhantomStudy
from tests.acceptance.peers.dcmtk import Scu, run
from tests.acceptance.peers.node import Node

pytestmark = pytest.mark.acceptance


@pytest.fixture(scope="module")
def retrieved(
    tmp_path_factory: pytest.TempPathFactory, module_node: Node, modality: Scu, chest_ct: PhantomStudy
) -> list[Path]:
    """The whole study with its results, as a PACS would fetch it."""
    assert modality.store(chest_ct.files).returncode == 0
    module_node.wait_for_status(chest_ct.study_instance_uid, "COMPLETE")
    return modality.get(
        tmp_path_factory.mktemp("got"), "QueryRetrieveLevel=STUDY", f"StudyInstanceUID={chest_ct.study_instance_uid}"
    )


# Device UID in Contributing Equipment: the standard has it (PS3.3 C.12.1), this release of the validator has not.
_NEWER_THAN_THE_VALIDATOR = {
    "Warning - Attribute is not present in standard DICOM IOD - (0x0018,0x1002) UI Device UID ",
    (
        "Warning - Dicom dataset contains attributes not present in standard DICOM IOD"
        " - this is a Standard Extended SOP Class"
    ),
}


def _of_modality(paths: list[Path], modality: str) -> list[Path]:
    return [path for path in paths if dcmread(path, stop_before_pixels=True).Modality == modality]


def _complaints(output: str, kind: str) -> list[str]:
    return [line for line in output.splitlines() if line.startswith(kind)]


def test_dciodvfy_finds_no_error(retrieved: list[Path]) -> None:
    results = _of_modality(retrieved, "SR") + _of_modality(retrieved, "SEG")
    assert len(results) >= 3
    for path in results:
        judged = run("dciodvfy", str(path))
        assert _complaints(judged.stderr + judged.stdout, "Error") == [], path
        assert set(_complaints(judged.stderr + judged.stdout, "Warning")) <= _NEWER_THAN_THE_VALIDATOR, judged.stderr


def test_dcentvfy_finds_the_study_consistent(retrieved: list[Path]) -> None:
    judged = run("dcentvfy", *map(str, retrieved))
    assert "Error" not in judged.stderr + judged.stdout, judged.stderr


def test_dsrdump_and_srread_open_every_report(retrieved: list[Path]) -> None:
    from highdicom.sr import MeasurementReport, srread  # noqa: PLC0415 - two seconds that only this test needs to pay

    for path in _of_modality(retrieved, "SR"):
        dumped = run("dsrdump", "+U8", str(path))
        assert dumped.returncode == 0, dumped.stderr
        assert "Imaging Measurement Report" in dumped.stdout
        assert isinstance(srread(path).content, MeasurementReport)


def test_the_evidence_names_every_image(retrieved: list[Path], chest_ct: PhantomStudy) -> None:
    images = {dcmread(path, stop_before_pixels=True).SOPInstanceUID for path in chest_ct.files}
    for path in _of_modality(retrieved, "SR"):
        evidence = dcmread(path).CurrentRequestedProcedureEvidenceSequence
        named = {
            instance.ReferencedSOPInstanceUID
            for study in evidence
            for series in study.ReferencedSeriesSequence
            for instance in series.ReferencedSOPSequence
        }
        assert images <= named
