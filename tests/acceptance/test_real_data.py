"""Real files of every kind go in and come out: byte for byte, found by name, seen in every view."""

from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.errors import InvalidDicomError

from tests.acceptance.peers.dcmtk import Scu, StoreScp
from tests.acceptance.peers.node import Node
from tests.waiting import wait_until

pytestmark = pytest.mark.acceptance


_FOLDERS = ["mr_misc", "cr_dx", "us", "us_multiframe", "sc_colour", "nm", "pt", "xa", "mg", "pdf"]


@pytest.mark.parametrize("folder", _FOLDERS)
def test_a_folder_of_real_files_is_stored_and_answered(module_node: Node, shared_data: Path, folder: str) -> None:
    files = [path for path in sorted((shared_data / folder).iterdir()) if _is_part_10(path)]
    done = module_node.run("import", *map(str, files))
    assert done.returncode == 0, done.stdout + done.stderr
    for path in files:
        ds = dcmread(path, stop_before_pixels=True)
        found = module_node.get("/dicom-web/instances", SOPInstanceUID=ds.SOPInstanceUID)
        assert len(found) == 1, path.name
        base = f"/dicom-web/studies/{ds.StudyInstanceUID}/series/{ds.SeriesInstanceUID}"
        metadata = module_node.get(f"{base}/metadata")
        assert ds.SOPInstanceUID in {item["00080018"]["Value"][0] for item in metadata}


def _is_part_10(path: Path) -> bool:
    try:
        return "SOPInstanceUID" in dcmread(path, stop_before_pixels=True)
    except InvalidDicomError:
        return False


def test_a_head_ct_gets_its_reports(module_node: Node, module_pacs: StoreScp, modality: Scu, shared_data: Path) -> None:
    files = sorted((shared_data / "ct_phantom_head_1mm").iterdir())
    uid = dcmread(files[0], stop_before_pixels=True).StudyInstanceUID
    assert modality.store(files).returncode == 0
    module_node.wait_for_status(uid, "COMPLETE")
    wait_until(
        lambda: [path for path in module_pacs.received("SR") if dcmread(path).StudyInstanceUID == uid],
        what="the SR of the head CT",
    )


def test_every_character_set_is_found_by_its_name_in_unicode(module_node: Node, shared_data: Path) -> None:
    files = [path for path in sorted((shared_data / "charsets").iterdir()) if _is_part_10(path)]
    for path in files:
        module_node.run("import", str(path))
        ds = dcmread(path, stop_before_pixels=True)
        if not ds.get("StudyInstanceUID") or not str(ds.PatientName):
            continue
        family = str(ds.PatientName).split("^")[0].split("=")[-1]
        found = module_node.get("/dicom-web/studies", PatientName=f"*{family}*", limit=100)
        uids = {item["0020000D"]["Value"][0] for item in found}
        assert ds.StudyInstanceUID in uids, path.name
