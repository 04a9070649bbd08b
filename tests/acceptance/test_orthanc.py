"""Orthanc as a second PACS: it echoes, queries, retrieves and sends."""

from collections.abc import Callable

import pytest

from isocenter.demo.phantom import PhantomStudy
from tests.acceptance.peers.dcmtk import Scu
from tests.acceptance.peers.node import Node
from tests.acceptance.peers.orthanc import Orthanc
from tests.waiting import wait_until

pytestmark = pytest.mark.acceptance


def test_orthanc_queries_retrieves_and_gets_the_results(
    start_orthanc: Callable[[int], Orthanc],
    module_node: Node,
    modality: Scu,
    chest_ct: PhantomStudy,
) -> None:
    orthanc = start_orthanc(module_node.dicom_port)
    with module_node.client() as client:
        added = client.post("/api/v1/aes", json=orthanc.as_ae(results=True))
        assert added.status_code == 201, added.text
        echo = client.post("/api/v1/aes/ORTHANC/echo").json()
    assert echo["ok"], echo
    assert modality.store(chest_ct.files).returncode == 0
    module_node.wait_for_status(chest_ct.study_instance_uid, "COMPLETE")
    wait_until(lambda: orthanc.get("/statistics")["CountInstances"] >= 2, what="the results in Orthanc")

    query = {"Level": "Study", "Query": {"StudyInstanceUID": chest_ct.study_instance_uid}}
    answers = orthanc.post("/modalities/isocenter/query", query)
    assert len(orthanc.get(f"/queries/{answers['ID']}/answers")) == 1
    orthanc.post(f"/queries/{answers['ID']}/retrieve", {"TargetAet": "ORTHANC", "Synchronous": True})
    listed = module_node.get("/api/v1/results", study_uid=chest_ct.study_instance_uid)["items"]
    expected = len(chest_ct.files) + len(listed)
    wait_until(lambda: orthanc.get("/statistics")["CountInstances"] == expected, what=f"{expected} instances")


def test_orthanc_sends_a_study_to_the_node(
    start_orthanc: Callable[[int], Orthanc], start_node: Callable[..., Node], chest_ct: PhantomStudy
) -> None:
    node = start_node()
    orthanc = start_orthanc(node.dicom_port)
    with node.client() as client:
        assert client.post("/api/v1/aes", json=orthanc.as_ae()).status_code == 201
    sent = Scu(orthanc.dicom_port, called="ORTHANC").store(chest_ct.files)
    assert sent.returncode == 0, sent.stderr
    study = orthanc.get("/studies")[0]
    orthanc.post("/modalities/isocenter/store", {"Resources": [study], "Synchronous": True})
    node.wait_for_status(chest_ct.study_instance_uid, "COMPLETE")
    # The results go back to the AE that sent the images, without a rule that says so.
    listed = node.get("/api/v1/results", study_uid=chest_ct.study_instance_uid)["items"]
    expected = len(chest_ct.files) + len(listed)
    wait_until(lambda: orthanc.get("/statistics")["CountInstances"] == expected, what=f"{expected} instances")
    deliveries = node.get("/api/v1/deliveries", study_uid=chest_ct.study_instance_uid)["items"]
    assert {item["destination"] for item in deliveries} == {"ORTHANC"}
    # Orthanc accepts both storage commitment and C-FIND, so a delivery ends as confirmed.
    wait_until(
        lambda: (
            {i["status"] for i in node.get("/api/v1/deliveries", study_uid=chest_ct.study_instance_uid)["items"]}
            == {"confirmed"}
        ),
        what="confirmed deliveries",
    )
