"""An engine of somebody else's pulls work from the node, by UPS-RS and by DIMSE (IHE AI Workflow for Imaging)."""

import importlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import ExplicitVRLittleEndian, generate_uid
from pynetdicom import AE, build_role, evt
from pynetdicom.sop_class import (  # type: ignore[attr-defined]  # made at run time
    BasicTextSRStorage,
    CTImageStorage,
    StudyRootQueryRetrieveInformationModelGet,
)
from websockets.sync.client import connect

from isocenter.demo.phantom import PhantomStudy
from tests.acceptance.conftest import MODALITY
from tests.acceptance.peers.dcmtk import Scu, StoreScp
from tests.acceptance.peers.node import Node
from tests.routing.subscribers import Subscriber
from tests.scp.test_ups import GLOBAL, PULL, PUSH, WATCH, act, attributes, code
from tests.waiting import wait_until

pytestmark = pytest.mark.acceptance

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
ENGINE = {"name": "acme-lungs", "performer": "external", "version": "2.1", "modality": ["CT"]}
QUIET = [{"name": name, "enabled": False} for name in ("mock-ct-chest", "ct-lung-densitometry")]


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(EXAMPLES))
    return importlib.import_module("external_engine")


@pytest.fixture
def node(start_node: Callable[..., Node], start_pacs: Callable[[str], StoreScp]) -> tuple[Node, StoreScp]:
    pacs = start_pacs("PACS1")
    engine = {"name": "ENGINE", "ae_title": "ENGINE", "host": "127.0.0.1", "port": 104, "results": False}
    aes = [MODALITY, engine, pacs.as_ae(results=True)]
    return start_node(aes=aes, analyzers=[ENGINE, *QUIET]), pacs


def service_key(node: Node) -> str:
    created = node.run("apikey", "create", "--role", "service")
    assert created.returncode == 0, created.stderr
    return created.stdout.split()[-1]


def job(node: Node) -> dict[str, Any]:
    found: list[dict[str, Any]] = node.get("/api/v1/jobs", analyzer="acme-lungs")["items"]
    return found[0] if found else {"status": None}


def told(node: Node, study_uid: str) -> list[str]:
    types = [event["type"] for event in node.events(study_uid=study_uid)]
    return [kind for kind in types if kind.startswith(("job.", "result.", "delivery.")) and kind != "job.skipped"]


def test_the_documented_engine_does_what_waits_and_its_report_is_delivered(
    node: tuple[Node, StoreScp], chest_ct: PhantomStudy, example: Any
) -> None:
    running, pacs = node
    key = service_key(running)
    assert Scu(running.dicom_port).store(chest_ct.files).returncode == 0
    wait_until(lambda: job(running)["status"] == "PENDING", what="the job")
    assert example.main(running.url, key) == 1
    assert example.main(running.url, key) == 0
    done = job(running)
    assert (done["status"], done["progress"], done["version"]) == ("COMPLETE", 100, "2.1")
    (result,) = running.get("/api/v1/results", study_uid=chest_ct.study_instance_uid)["items"]
    assert (result["modality"], result["analyzer"], result["job_id"]) == ("SR", "acme-lungs", done["id"])
    wait_until(pacs.received, what="the delivery")
    report = dcmread(pacs.received()[0])
    assert report.SOPInstanceUID == result["sop_instance_uid"]
    assert report.ContentSequence[0].TextValue == f"{len(chest_ct.files)} slices, no nodules"
    kinds = told(running, chest_ct.study_instance_uid)
    assert kinds[:4] == ["job.pending", "job.analyzing", "result.stored", "job.complete"]
    running.wait_for_status(chest_ct.study_instance_uid, "COMPLETE")


def test_a_watcher_follows_a_step_over_its_websocket_until_somebody_cancels_it(
    node: tuple[Node, StoreScp], chest_ct: PhantomStudy
) -> None:
    running, _ = node
    headers = {"Authorization": f"Bearer {service_key(running)}"}
    with (
        httpx.Client(base_url=f"{running.url}/dicom-web/workitems", headers=headers, timeout=30) as worklist,
        connect(
            f"ws://127.0.0.1:{running.web_port}/dicom-web/subscribers/BOARD", additional_headers=headers
        ) as channel,
    ):
        assert worklist.post(f"/{GLOBAL}/subscribers/BOARD").status_code == 201
        assert Scu(running.dicom_port).store(chest_ct.files[:12]).returncode == 0
        first = json.loads(channel.recv(timeout=30))
        uid = first["00001000"]["Value"][0]
        assert first["00741000"]["Value"] == ["SCHEDULED"]
        lock = generate_uid()
        claim = attributes(TransactionUID=lock, ProcedureStepState="IN PROGRESS")
        assert worklist.put(f"/{uid}/state", json=[claim.to_json_dict()]).status_code == 200
        assert json.loads(channel.recv(timeout=10))["00741000"]["Value"] == ["IN PROGRESS"]
        with running.client() as operator:
            assert operator.post(f"/api/v1/jobs/{job(running)['id']}/cancel").status_code == 202
        reports = [json.loads(channel.recv(timeout=10))]
        while reports[-1]["00001002"]["Value"] != [2]:
            reports.append(json.loads(channel.recv(timeout=10)))
        claim.ProcedureStepState = "CANCELED"
        assert worklist.put(f"/{uid}/state", json=[claim.to_json_dict()]).status_code == 200
        wait_until(lambda: job(running)["status"] == "CANCELED", what="the end of the job")


@contextmanager
def engine_association(node: Node, handlers: list[Any]) -> Iterator[Any]:
    ae = AE(ae_title="ENGINE")
    for uid in (PUSH, WATCH, PULL, BasicTextSRStorage, StudyRootQueryRetrieveInformationModelGet):
        ae.add_requested_context(uid)
    ae.add_requested_context(CTImageStorage, ExplicitVRLittleEndian)
    association = ae.associate(
        "127.0.0.1",
        node.dicom_port,
        ae_title="ISOCENTER",
        ext_neg=[build_role(CTImageStorage, scp_role=True)],
        evt_handlers=handlers,
    )
    assert association.is_established
    yield association
    association.release()


def test_an_engine_that_speaks_only_dimse_is_told_claims_fetches_stores_and_completes(
    start_node: Callable[..., Node], chest_ct: PhantomStudy, example: Any
) -> None:
    subscriber, fetched = Subscriber(), []

    def take(event: evt.Event) -> int:
        fetched.append(event.dataset)
        return 0x0000

    with subscriber.listening():
        watcher = {"name": "WATCHER", "ae_title": "WATCHER", "host": "127.0.0.1", "port": subscriber.port}
        engine = {"name": "ENGINE", "ae_title": "ENGINE", "host": "127.0.0.1", "port": 104}
        running = start_node(aes=[MODALITY, engine, watcher], analyzers=[ENGINE, *QUIET])
        with engine_association(running, [(evt.EVT_C_STORE, take)]) as association:
            who = attributes(ReceivingAE="WATCHER", DeletionLock="FALSE", RequestingAE="ENGINE")
            assert act(association, 3, who, context=WATCH, uid=GLOBAL) == 0x0000
            assert Scu(running.dicom_port).store(chest_ct.files[:12]).returncode == 0
            wait_until(lambda: subscriber.told, what="the report of a new step")
            _, uid, information = subscriber.told[0]
            assert information.ProcedureStepState == "SCHEDULED"
            _perform(association, uid, fetched, example)
            wait_until(lambda: subscriber.states()[-1] == "COMPLETED", what="the report of the end")
        assert subscriber.states() == ["SCHEDULED", "IN PROGRESS", "COMPLETED"]
        assert job(running)["status"] == "COMPLETE"
        (result,) = running.get("/api/v1/results")["items"]
        assert result["sop_class_uid"] == BasicTextSRStorage


def _perform(association: Any, uid: str, fetched: list[Dataset], example: Any) -> None:
    lock = generate_uid()
    claim = attributes(TransactionUID=lock, ProcedureStepState="IN PROGRESS")
    assert act(association, 1, claim, context=PULL, uid=uid) == 0x0000
    _, step = association.send_n_get([], PUSH, uid, meta_uid=PULL)
    (images,) = step.InputInformationSequence
    assert len(images.ReferencedSOPSequence) == 12
    assert images.DICOMRetrievalSequence[0].RetrieveAETitle == "ISOCENTER"
    wanted = attributes(
        QueryRetrieveLevel="SERIES",
        StudyInstanceUID=images.StudyInstanceUID,
        SeriesInstanceUID=images.SeriesInstanceUID,
    )
    list(association.send_c_get(wanted, StudyRootQueryRetrieveInformationModelGet))
    assert len(fetched) == 12
    report = example.report_on(fetched[0], "no nodules")
    assert association.send_c_store(report).Status == 0x0000
    done = example.performed(report, example.datetime.now().astimezone())
    done.TransactionUID = lock
    done.ProcedureStepProgressInformationSequence = [attributes(ProcedureStepProgress="90")]
    status, _ = association.send_n_set(done, PUSH, uid, meta_uid=PULL)
    assert status.Status == 0x0000
    claim.ProcedureStepState = "COMPLETED"
    assert act(association, 1, claim, context=PULL, uid=uid) == 0x0000


def test_a_ris_orders_an_analysis_of_this_node_by_ups_push(
    start_node: Callable[..., Node], chest_ct: PhantomStudy
) -> None:
    running = start_node(aes=[MODALITY], analyzers=[{"name": "ct-lung-densitometry", "enabled": False}])
    assert Scu(running.dicom_port).store(chest_ct.files[:12]).returncode == 0
    running.wait_for_status(chest_ct.study_instance_uid, "COMPLETE")
    image = dcmread(chest_ct.files[0], stop_before_pixels=True)
    order = attributes(
        ProcedureStepState="SCHEDULED",
        ScheduledProcedureStepPriority="HIGH",
        ProcedureStepLabel="Head, by order",
        WorklistLabel="ORDERS",
        ScheduledProcedureStepStartDateTime="20260706093000",
        InputReadinessState="READY",
        ScheduledWorkitemCodeSequence=[code("mock-ct-head", "Head")],
        InputInformationSequence=[
            attributes(
                TypeOfInstances="DICOM",
                StudyInstanceUID=image.StudyInstanceUID,
                SeriesInstanceUID=image.SeriesInstanceUID,
            )
        ],
    )
    order.ScheduledWorkitemCodeSequence[0].CodingSchemeDesignator = "99ISOCENTER"
    ae = AE(ae_title="MODALITY1")
    ae.add_requested_context(PUSH)
    association = ae.associate("127.0.0.1", running.dicom_port, ae_title="ISOCENTER")
    uid = generate_uid()
    status, _ = association.send_n_create(order, PUSH, uid)
    assert status.Status == 0x0000

    def state() -> str:
        _, step = association.send_n_get([], PUSH, uid)
        assert step is not None
        return str(step.ProcedureStepState)

    wait_until(lambda: state() == "COMPLETED", what="the end of the step", seconds=90)
    (ordered,) = running.get("/api/v1/jobs", analyzer="mock-ct-head")["items"]
    assert ordered["status"] == "COMPLETE"
    association.release()
