"""Storage commitment between whole nodes: Orthanc asks and is asked, and a request outlives a killed node."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.uid import generate_uid

from isocenter.demo.phantom import PhantomStudy
from tests.acceptance.conftest import MODALITY
from tests.acceptance.peers.dcmtk import Scu
from tests.acceptance.peers.node import Node
from tests.acceptance.peers.orthanc import Orthanc
from tests.acceptance.peers.standstill import stop_worker
from tests.scp.requester import Report, Requester, action, ask
from tests.waiting import wait_until

pytestmark = pytest.mark.acceptance


def pairs(study: PhantomStudy) -> list[tuple[str, str]]:
    headers = [dcmread(path, stop_before_pixels=True) for path in study.files]
    return [(str(header.SOPClassUID), str(header.SOPInstanceUID)) for header in headers]


def ask_by_orthanc(orthanc: Orthanc, items: list[tuple[str, str]]) -> dict[str, Any]:
    """Have Orthanc ask the node, and wait until it has the report."""
    body = {"DicomInstances": [{"SOPClassUID": kind, "SOPInstanceUID": uid} for kind, uid in items]}
    path = orthanc.post("/modalities/isocenter/storage-commitment", body)["Path"]

    def answered() -> dict[str, Any] | None:
        answer: dict[str, Any] = orthanc.get(path)
        return None if answer["Status"] == "Pending" else answer

    return wait_until(answered, seconds=40, what="the report in Orthanc")


def damage(node: Node, sop_instance_uid: str) -> None:
    """Change the last byte of an object on the disk."""
    blobs = (node.data_dir / "blobs").rglob("*.dcm")
    path = next(path for path in blobs if sop_instance_uid.encode() in path.read_bytes()[:2_000])
    with path.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        last = file.read(1)[0]
        file.seek(-1, os.SEEK_END)
        file.write(bytes([last ^ 0xFF]))


def test_orthanc_asks_the_node(
    start_orthanc: Callable[[int], Orthanc], start_node: Callable[..., Node], chest_ct: PhantomStudy
) -> None:
    node = start_node(aes=[MODALITY])
    orthanc = start_orthanc(node.dicom_port)
    with node.client() as client:
        assert client.post("/api/v1/aes", json=orthanc.as_ae()).status_code == 201
    assert Scu(node.dicom_port).store(chest_ct.files).returncode == 0
    items = pairs(chest_ct)

    answer = ask_by_orthanc(orthanc, items)
    assert answer["Status"] == "Success", answer
    assert {item["SOPInstanceUID"] for item in answer["Success"]} == {uid for _, uid in items}

    damaged, unknown = items[0], (items[1][0], str(generate_uid()))
    damage(node, damaged[1])
    answer = ask_by_orthanc(orthanc, [damaged, items[1], unknown])
    assert answer["Status"] == "Failure", answer
    assert [item["SOPInstanceUID"] for item in answer["Success"]] == [items[1][1]]
    reasons = {item["SOPInstanceUID"]: item["FailureReason"] for item in answer["Failures"]}
    assert reasons == {damaged[1]: 0x0110, unknown[1]: 0x0112}


def test_orthanc_confirms_what_the_node_sent_on_an_association_of_its_own(
    start_orthanc: Callable[[int], Orthanc], start_node: Callable[..., Node], chest_ct: PhantomStudy
) -> None:
    node = start_node(
        aes=[MODALITY],
        routes=[{"name": "all", "to": "ORTHANC"}],
        analysis={"quiet_seconds": 1, "return_to_sender": False},
    )
    orthanc = start_orthanc(node.dicom_port)
    with node.client() as client:
        assert client.post("/api/v1/aes", json=orthanc.as_ae(results=False)).status_code == 201
    assert Scu(node.dicom_port).store(chest_ct.files).returncode == 0

    def states() -> set[str]:
        deliveries = node.get("/api/v1/deliveries", study_uid=chest_ct.study_instance_uid)["items"]
        return {item["status"] for item in deliveries}

    wait_until(lambda: states() == {"confirmed"}, seconds=60, what="confirmed deliveries")
    wait_until(lambda: "deliveries_committed" in node.log, what="Orthanc's report")


@pytest.fixture
def requester() -> Iterator[Requester]:
    with Requester(node_port=0, ae_title="CT1").listening() as listening:
        yield listening


def wait_for_report(requester: Requester) -> Report:
    wait_until(lambda: requester.reports, seconds=60, what="the report")
    return requester.reports[0]


def test_a_request_is_reported_by_a_node_that_was_killed_meanwhile(
    start_node: Callable[..., Node], requester: Requester, chest_ct: PhantomStudy
) -> None:
    node = start_node(aes=[MODALITY, requester.as_ae()])
    requester.node_port = node.dicom_port
    assert Scu(node.dicom_port).store(chest_ct.files).returncode == 0
    # A worker that stands still cannot examine: the node dies between the request and the report for sure.
    stop_worker(node)
    items = pairs(chest_ct)
    assert requester.ask(action(*items)) == 0
    node.kill()
    assert requester.reports == []
    node.start()
    report = wait_for_report(requester)
    assert (report.event_type, report.kept) == (1, {uid for _, uid in items})


def test_an_ae_may_be_told_on_the_association_of_its_request(
    start_node: Callable[..., Node], requester: Requester, chest_ct: PhantomStudy
) -> None:
    node = start_node(aes=[MODALITY, requester.as_ae(commitment_report="same")])
    requester.node_port = node.dicom_port
    assert Scu(node.dicom_port).store(chest_ct.files[:3]).returncode == 0
    with requester.associated() as association:
        assert ask(association, action(*pairs(chest_ct)[:3])) == 0
        assert wait_for_report(requester).over_own_association
