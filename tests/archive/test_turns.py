"""Writers of one SQLite file take turns instead of looking again and again."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from archive import attempts, facts, schema
from archive.database import Database
from archive.errors import DatabaseUnavailable
from archive.turns import Turns
from tests.waiting import wait_until

HOLDER = """
import sys, time
from pathlib import Path
from archive.turns import Turns
with Turns(Path(sys.argv[1])).within(1):
    print("holding", flush=True)
    sys.stdin.read()
"""


def test_a_writer_waits_for_another_one_without_failing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path}/index.sqlite"
    schema.upgrade(url)
    failures: list[Exception] = []

    def note(_attempts: object, error: Exception) -> float:
        failures.append(error)
        return 0.0

    monkeypatch.setattr(attempts.Attempts, "pause_after", note)
    writing, written = threading.Event(), threading.Event()

    def slowly(_connection: object) -> None:
        writing.set()
        written.wait(10)

    with Database(url) as first, Database(url) as second, ThreadPoolExecutor() as threads:
        one = threads.submit(first.write, slowly)
        assert writing.wait(10)
        other = threads.submit(second.write, lambda connection: facts.put(connection, "x", 1.0))
        assert second._turns
        wait_until(second._turns._threads.locked)
        assert not other.done()
        written.set()
        one.result(10)
        other.result(10)
    assert failures == []


def test_the_turn_of_a_killed_process_ends(tmp_path: Path) -> None:
    path = tmp_path / "writers"
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdout
    assert holder.stdout.readline() == b"holding\n"
    taken = threading.Event()

    def take() -> None:
        with Turns(path).within(10):
            taken.set()

    thread = threading.Thread(target=take)
    thread.start()
    assert not taken.is_set()
    holder.kill()
    assert taken.wait(10)
    thread.join()
    holder.communicate()


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailable), Turns(tmp_path / "missing" / "writers").within(1):
        pass


def test_a_failure_ends_the_turn(tmp_path: Path) -> None:
    turns = Turns(tmp_path / "writers")
    with pytest.raises(ZeroDivisionError), turns.within(1):
        raise ZeroDivisionError
    with turns.within(1):
        pass
    turns.close()


def test_a_turn_that_does_not_come_is_told(tmp_path: Path) -> None:
    path = tmp_path / "writers"
    with Turns(path).within(1), pytest.raises(DatabaseUnavailable), Turns(path).within(0.05):
        pass
