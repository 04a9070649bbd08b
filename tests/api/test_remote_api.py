"""Asking remote archives over HTTP, with the worker's loop fetching what was asked for."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from access import remote_aes
from access.permissions import Role
from access.remote_aes import RemoteAE
from routing.peers import Peer
from routing.retrievals import RetrievalLoop
from tests.api.serving import Served
from tests.routing.archives import RemoteArchive
from tests.routing.peers import peer
from tests.routing.test_remote_retrieve import OTHER, slices
from tests.waiting import free_port, wait_until


def _add(node: Served, port: int) -> None:
    ae = RemoteAE(name="PACS1", ae_title="PACS1", host="127.0.0.1", port=port)
    node.database.write(remote_aes.add, ae, now=1.0)


@pytest.fixture
def worker(node: Served) -> Iterator[None]:
    """The loop that fetches, as the worker runs it."""

    def find(name: str) -> Peer | None:
        known = [ae for ae in node.database.read(remote_aes.everyone) if ae.name == name]
        return peer(known[0].port) if known else None

    stop = threading.Event()
    thread = threading.Thread(target=RetrievalLoop(node.archive, node.bus, find=find).run, args=(stop,))
    thread.start()
    yield
    stop.set()
    node.bus.publish("retrievals")
    thread.join(20)
    assert not thread.is_alive()


def _ended(node: Served, retrieval: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}

    def is_over() -> bool:
        with node.as_role(Role.CLINICIAN) as client:
            found.update(client.get(f"/api/v1/retrievals/{retrieval['id']}").raise_for_status().json())
        return found["status"] not in ("queued", "running")

    wait_until(is_over, what="the end of the retrieval")
    return found


@pytest.mark.usefixtures("worker")
def test_a_clinician_queries_a_pacs_and_retrieves_a_study(node: Served) -> None:
    archive = RemoteArchive(slices(3))
    archive.go_on.set()
    with archive.running() as pacs, node.as_role(Role.CLINICIAN) as client:
        _add(node, pacs.port)
        assert client.get("/api/v1/peers").json()["items"] == [{"name": "PACS1", "ae_title": "PACS1"}]
        body = {"keys": {"PatientName": "DOE*"}, "limit": 1}
        answer = client.post("/api/v1/aes/PACS1/query", json=body).raise_for_status().json()
        assert answer["more"]
        assert answer["items"][0]["StudyInstanceUID"] == OTHER
        started = client.post("/api/v1/aes/PACS1/retrieve", json={"study_uid": OTHER})
        assert started.status_code == 202
        assert started.json()["status"] == "queued"
        ended = _ended(node, started.json())
    assert (ended["status"], ended["completed"], ended["remaining"], ended["message"]) == ("complete", 3, 0, "")
    with node.as_admin() as admin:
        listed = admin.get("/api/v1/retrievals", params={"study_uid": OTHER}).json()["items"]
        actions = [item["action"] for item in admin.get("/api/v1/audit").json()["items"]]
        # Names of patients are keys of the query, and no business of the audit.
        assert "DOE" not in admin.get("/api/v1/audit").text
    assert [item["id"] for item in listed] == [ended["id"]]
    assert {"remote.query", "retrieval.started", "retrieval.ended"} <= set(actions)


@pytest.mark.usefixtures("worker")
def test_a_retrieval_that_fails_says_why(node: Served) -> None:
    _add(node, free_port())
    with node.as_admin() as client:
        started = client.post("/api/v1/aes/PACS1/retrieve", json={"study_uid": OTHER}).json()
    ended = _ended(node, started)
    assert (ended["status"], ended["message"]) == ("failed", "no connection: Connection refused")


@pytest.mark.usefixtures("worker")
def test_a_retrieval_under_way_is_canceled(node: Served) -> None:
    # All at once they would be here before the worker looks for a cancel.
    archive = RemoteArchive(slices(30), seconds_each=0.1)
    with archive.running() as pacs, node.as_admin() as client:
        _add(node, pacs.port)
        started = client.post("/api/v1/aes/PACS1/retrieve", json={"study_uid": OTHER}).json()
        path = f"/api/v1/retrievals/{started['id']}"
        wait_until(lambda: client.get(path).json()["completed"] == 1, what="the first object")
        canceled = client.post(f"{path}/cancel")
        assert (canceled.status_code, canceled.json()["cancel_requested"]) == (202, True)
        archive.go_on.set()
        ended = _ended(node, started)
        assert client.post(f"{path}/cancel").status_code == 409
    assert ended["status"] == "canceled"
    assert 0 < ended["completed"] < 30


def test_a_retrieval_that_waits_is_canceled_at_once(node: Served) -> None:
    _add(node, free_port())
    with node.as_admin() as client:
        started = client.post("/api/v1/aes/PACS1/retrieve", json={"study_uid": OTHER}).json()
        canceled = client.post(f"/api/v1/retrievals/{started['id']}/cancel").json()
    assert canceled["status"] == "canceled"


def test_a_pacs_that_cannot_be_asked_is_a_502_with_the_reason(node: Served) -> None:
    _add(node, free_port())
    with node.as_admin() as client:
        answer = client.post("/api/v1/aes/PACS1/query", json={})
    assert answer.status_code == 502
    assert answer.json()["detail"] == "PACS1: no connection: Connection refused"


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("PACS1/query", {"keys": {"PatientNam": "X"}}, 422),
        ("PACS1/query", {"level": "WORLD"}, 422),
        ("PACS1/query", {"patient": "X"}, 422),
        ("NOBODY/query", {}, 404),
        ("PACS1/retrieve", {"study_uid": "x"}, 422),
        ("PACS1/retrieve", {"study_uid": "1.2", "method": "ftp"}, 422),
        ("NOBODY/retrieve", {"study_uid": "1.2"}, 404),
    ],
)
def test_what_cannot_be_asked_is_refused(node: Served, path: str, body: dict[str, Any], status: int) -> None:
    _add(node, free_port())
    with node.as_admin() as client:
        assert client.post(f"/api/v1/aes/{path}", json=body).status_code == status
