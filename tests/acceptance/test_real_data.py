"""Real files of every kind are imported, seen in every view, and get their reports."""

from pathlib import Path

import pytest
from pydicom import dcmread

from tests.acceptance.peers.dcmtk import Scu, StoreScp
from tests.acceptance.peers.node import Node
from tests.acceptance.peers.real_files import sound
from tests.waiting import wait_until

pytestmark = [pytest.mark.acceptance, pytest.mark.filterwarnings("ignore:Invalid value for VR UI")]

_FOLDERS = ["mr_misc", "cr_dx", "us", "us_multiframe", "sc_colour", "pt", "xa", "mg", "pdf"]


@pytest.mark.parametrize("folder", _FOLDERS)
def test_a_folder_of_real_files_is_stored_and_answered(module_node: Node, shared_data: Path, folder: str) -> None:
    files = dict(sound((shared_data / folder).iterdir()))
    done = module_node.run("import", *map(str, files))
    assert done.returncode == 0, done.stdout + done.stderr
    for path, header in files.items():
        found = module_node.get("/dicom-web/instances", SOPInstanceUID=header.SOPInstanceUID)
        assert len(found) == 1, path.name
        base = f"/dicom-web/studies/{header.StudyInstanceUID}/series/{header.SeriesInstanceUID}"
        metadata = module_node.get(f"{base}/metadata")
        assert header.SOPInstanceUID in {item["00080018"]["Value"][0] for item in metadata}


def test_a_head_ct_gets_its_reports(module_node: Node, module_pacs: StoreScp, modality: Scu, shared_data: Path) -> None:
    files = sorted((shared_data / "ct_phantom_head_1mm").iterdir())
    uid = dcmread(files[0], stop_before_pixels=True).StudyInstanceUID
    assert modality.store(files).returncode == 0
    module_node.wait_for_status(uid, "COMPLETE")
    wait_until(
        lambda: [path for path in module_pacs.received("SR") if dcmread(path).StudyInstanceUID == uid],
        what="the SR of the head CT",
    )
