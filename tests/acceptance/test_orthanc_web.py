"""Orthanc as a DICOMweb client of the node: its plug-in searches, retrieves and stores."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from isocenter.demo.phantom import PhantomStudy
from tests.acceptance.peers.dcmtk import Scu
from tests.acceptance.peers.node import ADMIN_PASSWORD, Node
from tests.acceptance.peers.objects import ct_slice, part10
from tests.acceptance.peers.orthanc import Orthanc
from tests.waiting import wait_until

# `start_orthanc` skips these tests where there is no Orthanc.
pytestmark = [pytest.mark.acceptance, pytest.mark.usefixtures("start_orthanc")]


class _OrthancOfNode(Orthanc):
    """Orthanc that knows the node as DICOMweb server `node`."""

    def __init__(self, folder: Path, node: Node) -> None:
        super().__init__(folder, node_port=node.dicom_port)
        self._node = node

    def _configuration(self) -> dict[str, Any]:
        server = {"Url": f"{self._node.url}/dicom-web/", "Username": "admin", "Password": ADMIN_PASSWORD}
        return {**super()._configuration(), "DicomWeb": {"Servers": {"node": server}}}


@pytest.fixture
def orthanc(tmp_path: Path, module_node: Node) -> Iterator[Orthanc]:
    started = _OrthancOfNode(tmp_path / "web", module_node).start()
    yield started
    started.stop()


def test_it_searches_and_retrieves_a_study(
    orthanc: Orthanc, module_node: Node, modality: Scu, chest_ct: PhantomStudy
) -> None:
    assert modality.store(chest_ct.files).returncode == 0
    uid = chest_ct.study_instance_uid
    module_node.wait_for_status(uid, "COMPLETE")
    query = {"Uri": "/studies", "Arguments": {"StudyInstanceUID": uid, "includefield": "00081030"}}
    [found] = orthanc.post("/dicom-web/servers/node/qido", query)
    # Orthanc gives back the match in a form of its own.
    assert uid in json.dumps(found)
    orthanc.post("/dicom-web/servers/node/retrieve", {"Resources": [{"Study": uid}]})
    stored = module_node.get(f"/dicom-web/studies/{uid}/instances")
    wait_until(lambda: orthanc.get("/statistics")["CountInstances"] == len(stored), what="all instances in Orthanc")
    assert len(stored) >= len(chest_ct.files)


def test_it_stores_what_it_has(orthanc: Orthanc, module_node: Node) -> None:
    ds = ct_slice()
    kept = httpx.post(f"http://127.0.0.1:{orthanc.http_port}/instances", content=part10(ds)).raise_for_status().json()
    orthanc.post("/dicom-web/servers/node/stow", {"Resources": [kept["ID"]], "Synchronous": True})
    [found] = module_node.get(f"/dicom-web/studies/{ds.StudyInstanceUID}/instances")
    assert found["00080018"]["Value"] == [ds.SOPInstanceUID]
