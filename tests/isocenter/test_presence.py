"""Processes see which of them are no more, and end their claims."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from archive import availability, notices
from archive.database import Database
from archive.notices import Work
from archive.worker_names import worker_name
from isocenter import presence as module
from isocenter.presence import presence

_NOW = 1_000_000.0
_APPEARS_AND_DIES = """
import os, signal, sys
from pathlib import Path
from archive.database import Database
from archive.worker_names import worker_name
from isocenter.presence import presence
with Database(sys.argv[1]) as database, presence(database, Path(sys.argv[2])):
    print(worker_name(), flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_process(database_url: str, folder: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Run a process that is seen; gives its name."""
    command = [sys.executable, "-c", _APPEARS_AND_DIES, database_url, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        yield process.stdout.readline().strip(), process
        process.kill()


@pytest.fixture
def work(sqlite_url: str) -> Iterator[Database]:
    """A database with one notification to be sent."""
    with Database(sqlite_url) as database:
        database.write(
            availability.enqueue, "default", study_uid="1.2", series_uid="1.2.3", destinations=["PACS1"], now=_NOW
        )
        yield database


def claim(database: Database, worker: str) -> bool:
    found = database.write(notices.claim, Work.NOTIFY, worker_id=worker, lease_seconds=1e9, now=_NOW)
    return found is not None


def names(folder: Path) -> list[str]:
    return [path.name for path in (folder / "workers").iterdir()]


def test_the_claims_of_a_killed_process_are_ended(work: Database, sqlite_url: str, tmp_path: Path) -> None:
    with another_process(sqlite_url, tmp_path) as (name, process):
        assert claim(work, name)
        with presence(work, tmp_path):
            assert not claim(work, "me")
            assert len(names(tmp_path)) == 2
        process.kill()
        process.wait()
        assert len(names(tmp_path)) == 1
        with presence(work, tmp_path):
            assert claim(work, "me")
            assert len(names(tmp_path)) == 1


def test_who_ends_in_order_leaves_nothing(work: Database, tmp_path: Path) -> None:
    with presence(work, tmp_path):
        assert len(names(tmp_path)) == 1
    assert names(tmp_path) == []


def test_who_writes_does_not_wait_while_claims_are_looked_for(work: Database, sqlite_url: str, tmp_path: Path) -> None:
    with another_process(sqlite_url, tmp_path) as (_, process):
        process.kill()
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        with presence(work, tmp_path):
            assert len(names(tmp_path)) == 1
        writer.execute("COMMIT")


def test_nobody_else_has_the_name_of_a_process(work: Database, sqlite_url: str, tmp_path: Path) -> None:
    assert worker_name() == worker_name()
    assert str(os.getpid()) in worker_name()
    with another_process(sqlite_url, tmp_path) as (name, _), presence(work, tmp_path):
        assert name != worker_name()


def test_what_was_never_named_is_cleared_away(work: Database, tmp_path: Path) -> None:
    folder = tmp_path / "workers"
    folder.mkdir()
    for name in ("old.new", "fresh.new", "something.else"):
        (folder / name).touch()
    os.utime(folder / "old.new", (1, 1))
    with presence(work, tmp_path):
        assert {"fresh.new", "something.else"} < set(names(tmp_path))
        assert "old.new" not in names(tmp_path)


def test_without_locks_the_process_runs_all_the_same(
    work: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_locks(_file: int) -> bool:
        raise OSError("no locks")

    monkeypatch.setattr(module, "lock_at_once", no_locks)
    with presence(work, tmp_path):
        assert names(tmp_path) == []
