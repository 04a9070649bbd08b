"""Subscriptions to workitems and their WebSocket, by the rules of PS3.18 Sections 8.10 and 11.10 to 11.13."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection

from tests.archive.workitem_data import performed
from tests.dicomweb.worklist import (
    FILTERED,
    GLOBAL,
    LOCK,
    STATE,
    UID,
    Service,
    create,
    finish,
    move,
    put,
    serving,
)


@pytest.fixture
def ups(sqlite_url: str, tmp_path: Path) -> Iterator[Service]:
    with serving(sqlite_url, tmp_path) as service:
        yield service


def told(channel: ClientConnection) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(channel.recv(timeout=10))
    return report


def state_of(report: dict[str, Any]) -> tuple[str, str]:
    return report["00001000"]["Value"][0], report[STATE]["Value"][0]


def test_a_subscriber_is_told_over_its_websocket(ups: Service) -> None:
    """Sections 11.10 and 11.13."""
    create(ups)
    with ups.channel("ENGINE") as channel:
        answer = ups.send("POST", f"/{UID}/subscribers/ENGINE", deletionlock="true")
        assert answer.status_code == 201
        assert answer.headers["content-location"] == f"ws://127.0.0.1:{ups.port}/dicom-web/subscribers/ENGINE"
        first = told(channel)
        assert state_of(first) == (UID, "SCHEDULED")
        assert first["00000002"]["Value"] == ["1.2.840.10008.5.1.4.34.6.4"]
        assert first["00001002"]["Value"] == [1]
        assert first["00404041"]["Value"] == ["READY"]
        move(ups, "IN PROGRESS")
        assert state_of(told(channel)) == (UID, "IN PROGRESS")
        assert ups.send("POST", f"/{UID}/cancelrequest").status_code == 202
        assert told(channel)["00001002"]["Value"] == [2]
        assert ups.send("DELETE", f"/{UID}/subscribers/ENGINE").status_code == 200
        put(ups, performed(), LOCK)
        move(ups, "COMPLETED")
        with pytest.raises(TimeoutError):
            channel.recv(timeout=1)


def test_a_connection_that_is_opened_again_gets_what_was_missed(ups: Service) -> None:
    ups.send("POST", f"/{GLOBAL}/subscribers/ENGINE")
    with ups.channel("ENGINE") as channel:
        create(ups)
        assert state_of(told(channel)) == (UID, "SCHEDULED")
    move(ups, "IN PROGRESS")
    with ups.channel("ENGINE") as channel:
        missed = [told(channel)]
        while state_of(missed[-1]) != (UID, "IN PROGRESS"):
            missed.append(told(channel))
    with ups.channel("OTHER") as other, pytest.raises(TimeoutError):
        other.recv(timeout=0.6)


@pytest.mark.parametrize("params", [{"filter": "WorklistLabel=AI,PatientID=P1"}, {"WorklistLabel": "AI"}])
def test_a_filtered_subscription_is_to_what_matches(ups: Service, params: dict[str, str]) -> None:
    """Section 11.10.1.2.2, and the form of earlier editions."""
    assert ups.send("POST", f"/{FILTERED}/subscribers/ENGINE", **params).status_code == 201
    create(ups, "1.2.3.1", WorklistLabel="3D")
    create(ups)
    with ups.channel("ENGINE") as channel:
        assert state_of(told(channel)) == (UID, "SCHEDULED")
        assert ups.send("POST", f"/{FILTERED}/subscribers/ENGINE/suspend").status_code == 200
        create(ups, "1.2.3.2")
        move(ups, "IN PROGRESS")
        assert state_of(told(channel)) == (UID, "IN PROGRESS")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/{UID}/subscribers/ENGINE/suspend", 400),
        (f"/{FILTERED}/subscribers/ENGINE", 400),
        (f"/{FILTERED}/subscribers/ENGINE?filter=Nonsense=1", 400),
        (f"/{UID}/subscribers/ENGINE?deletionlock=perhaps", 400),
        # Table 11.12.3-1: there is no subscription.
        (f"/{GLOBAL}/subscribers/ENGINE/suspend", 404),
    ],
)
def test_what_is_wrong_with_a_subscription_is_told(ups: Service, path: str, status: int) -> None:
    create(ups)
    assert ups.http.post(f"/workitems{path}").status_code == status


def test_11_11_3_1_only_a_subscription_that_is_there_is_ended(ups: Service) -> None:
    create(ups)
    for uid in (UID, GLOBAL, FILTERED):
        assert ups.send("DELETE", f"/{uid}/subscribers/ENGINE").status_code == 404
    ups.send("POST", f"/{GLOBAL}/subscribers/ENGINE")
    assert [ups.send("POST", f"/{GLOBAL}/subscribers/ENGINE/suspend").status_code for _ in range(2)] == [200, 404]
    # What there is stays subscribed, so that there still is something to end.
    assert [ups.send("DELETE", f"/{GLOBAL}/subscribers/ENGINE").status_code for _ in range(2)] == [200, 404]
    ups.send("POST", f"/{UID}/subscribers/ENGINE")
    assert [ups.send("DELETE", f"/{UID}/subscribers/ENGINE").status_code for _ in range(2)] == [200, 404]


def test_a_lock_on_what_has_ended_is_not_granted(ups: Service) -> None:
    create(ups)
    finish(ups)
    answer = ups.send("POST", f"/{UID}/subscribers/ENGINE", deletionlock="true")
    assert answer.status_code == 201
    assert "Deletion Lock not granted" in answer.headers["warning"]
