"""Liveness, readiness, and the room that is left."""

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest

from access.permissions import Role
from tests.api.serving import Served, serving
from tests.postgres import Server
from tests.waiting import free_port, wait_until

RESERVED, WARNING = 1000, 3000


class Disk(NamedTuple):
    total: int
    used: int
    free: int


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> "SmallDisk":
    return SmallDisk(monkeypatch)


class SmallDisk:
    """What the system says of the volume."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.free = 10_000
        monkeypatch.setattr(shutil, "disk_usage", lambda _path: Disk(100_000, 100_000 - self.free, self.free))


@pytest.fixture
def roomy_node(sqlite_url: str, tmp_path: Path, disk: SmallDisk) -> Iterator[Served]:
    """Serve over a volume that has as much room as a test says."""
    assert disk.free > WARNING
    sections = {"storage": {"reserved_bytes": RESERVED, "warning_bytes": WARNING, "url": f"file://{tmp_path}/blobs"}}
    with serving(sqlite_url, tmp_path, sections=sections) as node:
        yield node


def readiness(node: Served) -> tuple[int, dict[str, Any]]:
    with node.anonymous() as client:
        answer = client.get("/readyz")
    return answer.status_code, answer.json()


def test_a_node_that_can_work_is_ready(shared_node: Served) -> None:
    assert readiness(shared_node) == (200, {"status": "ready", "warnings": {}})


def test_a_node_without_its_listener_is_alive_but_not_ready(sqlite_url: str, tmp_path: Path) -> None:
    with serving(sqlite_url, tmp_path, listener=("127.0.0.1", free_port())) as node, node.anonymous() as client:
        assert client.get("/healthz").status_code == 200
        answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["parts"] == ["listener"]


@pytest.mark.parametrize(
    ("free", "warning", "answer"),
    [
        (WARNING, None, {"status": "ready", "warnings": {}}),
        (WARNING - 1, "low", {"status": "ready", "warnings": {"storage": "low"}}),
        (RESERVED - 1, "refusing", {"status": "degraded", "warnings": {"storage": "refusing"}}),
    ],
)
def test_a_shortage_of_space_is_told_to_programs_and_to_the_page(
    roomy_node: Served, disk: SmallDisk, free: int, warning: str | None, answer: object
) -> None:
    with roomy_node.as_role(Role.CLINICIAN) as client:
        disk.free = free
        assert readiness(roomy_node) == (200, answer)
        room = client.get("/api/v1/storage").json()
        assert room == client.get("/api/v1/statistics").json()["storage"]
    assert room == {
        "free_bytes": free,
        "total_bytes": 100_000,
        "reserved_bytes": RESERVED,
        "warning_bytes": WARNING,
        "warning": warning,
    }


def test_a_database_that_is_away_is_not_ready(postgres_server: Server, postgres_url: str, tmp_path: Path) -> None:
    with serving(postgres_url, tmp_path) as node:
        assert readiness(node)[0] == 200
        postgres_server.stop()
        try:
            parts = wait_until(lambda: readiness(node)[1].get("parts"), what="a node that is not ready")
        finally:
            postgres_server.start()
        assert parts == ["database"]
        wait_until(lambda: readiness(node)[0] == 200, what="a node that is ready again")


def test_a_slow_database_is_said_to_be_slow(postgres_url: str, tmp_path: Path) -> None:
    with serving(postgres_url, tmp_path) as node, psycopg.connect(postgres_url) as other:
        other.execute("LOCK TABLE event IN ACCESS EXCLUSIVE MODE")
        # The check is in the middle of its query when the table becomes free.
        with psycopg.connect(postgres_url, autocommit=True) as watcher:
            answers: list[tuple[int, dict[str, Any]]] = []
            asking = threading.Thread(target=lambda: answers.append(readiness(node)))
            asking.start()
            waited = (
                "SELECT now() - query_start > interval '1.2 s' FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            )
            wait_until(lambda: (watcher.execute(waited).fetchone() or [False])[0], what="a query that waits")
            other.rollback()
            asking.join()
    assert answers == [(200, {"status": "degraded", "warnings": {"database": "slow"}})]
