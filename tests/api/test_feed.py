"""The feed over real WebSockets."""

import contextlib
import json
import socket
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from access import sessions, users
from access.permissions import Role
from archive import events
from archive.event_types import JobProgress
from tests.api.serving import PASSWORD, Served, add_user
from tests.waiting import wait_until


def _append(node: Served, count: int, *, tenant: str = "default", text: str = "") -> list[int]:
    """Write events to the log, as other processes do, and wake the feed."""

    def write(connection: Any) -> list[int]:
        progress = [JobProgress(analyzer="mock", attempt=1, percent=1, text=text or str(n)) for n in range(count)]
        return [events.append(connection, tenant, each, now=time.time(), study_uid="1.2.3") for each in progress]

    numbers = node.database.write(write)
    node.bus.publish("events")
    return numbers


def _open(node: Served, since: int | None = None, **options: Any) -> ClientConnection:
    query = "" if since is None else f"?since={since}"
    headers = {"Authorization": f"Bearer {node.keys[Role.CLINICIAN]}"}
    settings: dict[str, Any] = {"additional_headers": headers, **options}
    client: ClientConnection = connect(f"ws://127.0.0.1:{node.port}/ws/events{query}", **settings)
    return client


def _take(client: ClientConnection, count: int) -> list[int]:
    return [json.loads(client.recv(timeout=10))["seq"] for _ in range(count)]


def _clients(node: Served) -> int:
    with node.as_admin() as admin:
        return int(admin.get("/api/v1/system").json()["feed_clients"])


def _listening(node: Served, clients: int = 1) -> None:
    wait_until(lambda: _clients(node) == clients, what=f"{clients} clients of the feed")


def test_all_that_was_missed_comes_first_and_then_what_happens(any_node: Served) -> None:
    before = _append(any_node, 1200)
    with _open(any_node, since=before[9]) as client:
        assert _take(client, 1190) == before[10:]
        after = _append(any_node, 3)
        assert _take(client, 3) == after


def test_nothing_is_lost_or_doubled_between_log_and_live(node: Served) -> None:
    written = _append(node, 300)
    with _open(node, since=0) as client:
        for _ in range(60):
            written += _append(node, 5)
        assert _take(client, len(written)) == written


def test_without_since_only_what_happens_from_now_on_comes(node: Served) -> None:
    _append(node, 5)
    with _open(node) as client:
        _listening(node)
        new = _append(node, 2)
        assert _take(client, 2) == new


def test_a_since_of_another_life_starts_at_the_end(node: Served) -> None:
    _append(node, 5)
    with _open(node, since=1_000_000) as client:
        _listening(node)
        new = _append(node, 1)
        assert _take(client, 1) == new


def test_a_message_has_the_form_of_the_log(node: Served) -> None:
    with _open(node, since=0) as client, node.as_admin() as admin:
        _append(node, 1)
        message = json.loads(client.recv(timeout=10))
        page = admin.get("/api/v1/events", params={"since": 0}).json()
    assert page == {"items": [message], "last_seq": message["seq"]}
    assert message.keys() == {"seq", "time", "type", "tenant", "study_uid", "series_uid", "job_id", "data"}
    assert message["data"] == {"analyzer": "mock", "attempt": 1, "percent": 1, "text": "0"}


def test_another_tenants_messages_stay_there(node: Served) -> None:
    with _open(node, since=0) as client:
        _append(node, 3, tenant="other")
        ours = _append(node, 1)
        assert _take(client, 1) == ours


def test_the_log_is_paged_for_clients_without_websocket(node: Served) -> None:
    numbers = _append(node, 5)
    with node.as_role(Role.AUDITOR) as auditor:
        first = auditor.get("/api/v1/events", params={"limit": 3}).json()
        rest = auditor.get("/api/v1/events", params={"since": first["items"][-1]["seq"]}).json()
    assert [item["seq"] for item in first["items"] + rest["items"]] == numbers
    assert first["last_seq"] == rest["last_seq"] == numbers[-1]


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer iso_wrong"}, {"Cookie": "isocenter_session=x"}])
def test_without_credentials_there_is_no_feed(shared_node: Served, headers: dict[str, str]) -> None:
    with pytest.raises(InvalidStatus) as refused:
        _open(shared_node, additional_headers=headers)
    assert refused.value.response.status_code == 401


@pytest.mark.parametrize(("origin", "status"), [("http://evil.example", 403), ("null", 403)])
def test_another_sites_page_gets_no_feed_with_a_persons_cookie(node: Served, origin: str, status: int) -> None:
    with _logged_in(node) as cookie, pytest.raises(InvalidStatus) as refused:
        _open(node, additional_headers={"Cookie": cookie}, origin=origin)
    assert refused.value.response.status_code == status


def test_our_own_page_does(node: Served) -> None:
    with _logged_in(node) as cookie:
        client = _open(node, since=0, additional_headers={"Cookie": cookie}, origin=node.url)
    with client:
        assert _take(client, 0) == []
        numbers = _append(node, 1)
        assert _take(client, 1) == numbers


def test_logging_out_ends_the_feed(impatient_node: Served) -> None:
    with _logged_in(impatient_node) as cookie, _open(impatient_node, additional_headers={"Cookie": cookie}) as client:
        token = cookie.partition("=")[2]
        impatient_node.database.write(sessions.end, token)
        assert _close_code(client) == 1008


def test_a_disabled_account_loses_the_feed(impatient_node: Served) -> None:
    with _logged_in(impatient_node) as cookie, _open(impatient_node, additional_headers={"Cookie": cookie}) as client:
        add_user(impatient_node.database, "root", Role.ADMIN)
        impatient_node.database.write(users.change, "default", "ada", now=time.time(), enabled=False)
        assert _close_code(client) == 1008


def test_a_client_that_talks_too_much_is_cut_off(shared_node: Served) -> None:
    with _open(shared_node) as client:
        with contextlib.suppress(ConnectionClosed):
            client.send("x" * (10 << 20))
        assert _close_code(client) in {1009, 1006}


def test_a_small_word_of_a_client_is_ignored(node: Served) -> None:
    with _open(node, since=0) as client:
        client.send("hello")
        numbers = _append(node, 1)
        assert _take(client, 1) == numbers


def test_a_slow_reader_is_let_go_and_the_others_are_not(impatient_node: Served) -> None:
    slow_socket = socket.create_connection(("127.0.0.1", impatient_node.port))
    slow_socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
    # `max_queue`: the client stops taking from the network what nobody reads.
    with (
        _open(impatient_node, sock=slow_socket, max_queue=1, compression=None) as slow,
        _open(impatient_node, since=0) as quick,
    ):
        _listening(impatient_node, 2)
        # How much the kernel keeps for who does not read is its affair.
        for _ in range(400):
            numbers = _append(impatient_node, 50, text="x" * 4000)
            assert _take(quick, 50) == numbers
            if _clients(impatient_node) == 1:
                break
        assert _close_code(slow) == 1013
        more = _append(impatient_node, 1)
        assert _take(quick, 1) == more


def test_more_clients_than_a_process_serves_are_asked_to_come_later(
    node: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.feed.endpoint._MOST_CLIENTS", 1)
    with _open(node, since=0) as first:
        _listening(node, 1)
        with _open(node) as second:
            assert _close_code(second) == 1013
        numbers = _append(node, 1)
        assert _take(first, 1) == numbers


@pytest.mark.parametrize("since", ["-1", "x", "1e3", str(1 << 64)])
def test_an_impossible_since_is_refused(shared_node: Served, since: str) -> None:
    with shared_node.as_admin() as admin:
        answer = admin.get("/api/v1/events", params={"since": since})
    assert answer.status_code == 400
    with pytest.raises(InvalidStatus) as refused:
        connect(
            f"ws://127.0.0.1:{shared_node.port}/ws/events?since={since}",
            additional_headers={"Authorization": f"Bearer {shared_node.keys[Role.ADMIN]}"},
        )
    assert refused.value.response.status_code == 400
    assert b"since" in refused.value.response.body


@contextlib.contextmanager
def _logged_in(node: Served) -> Iterator[str]:
    add_user(node.database, "ada")
    with httpx.Client(base_url=node.url) as client:
        client.post("/api/v1/session", json={"username": "ada", "password": PASSWORD})
        yield f"isocenter_session={client.cookies['isocenter_session']}"


def _close_code(client: ClientConnection) -> int | None:
    with contextlib.suppress(ConnectionClosed):
        while True:
            client.recv(timeout=30)
    return client.close_code
