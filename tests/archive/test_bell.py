"""A bell wakes those who wait, in this process and in others."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.bell import Bell
from tests.waiting import wait_until

LISTENER = """
import os, sys
from archive.bell import Bell
bell = Bell(os.open(sys.argv[1], os.O_RDWR))
strokes = bell.strokes
bell.listen()
print("listening", flush=True)
bell.wait(strokes, 30.0)
print(bell.strokes - strokes, flush=True)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "bell"


@pytest.fixture
def bell(path: Path) -> Iterator[Bell]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT)
    bell = Bell(descriptor)
    yield bell
    bell.close()
    os.close(descriptor)


def test_another_process_hears_it(bell: Bell, path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", LISTENER, str(path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "listening\n"
        bell.ring()
        assert process.stdout.readline() == "1\n"


def test_another_thread_hears_it(bell: Bell) -> None:
    heard = threading.Event()

    def listen() -> None:
        strokes = bell.strokes
        bell.listen()
        bell.wait(strokes, 30.0)
        heard.set()

    def rung_and_heard() -> bool:
        bell.ring()
        return heard.is_set()

    threading.Thread(target=listen).start()
    # It may not yet be listening at the first stroke.
    wait_until(rung_and_heard)


def test_nobody_waits_for_a_stroke_that_was_already(bell: Bell) -> None:
    strokes = bell.strokes
    bell.listen()
    bell.ring()
    begun = time.monotonic()
    bell.wait(strokes, 30.0)
    assert time.monotonic() - begun < 10.0


def test_where_nobody_listens_it_is_not_rung(bell: Bell) -> None:
    strokes = bell.strokes
    bell.ring()
    assert bell.strokes == strokes
    bell.listen()
    bell.ring()
    bell.ring()
    assert bell.strokes == strokes + 1


def test_waiting_ends_by_itself(bell: Bell) -> None:
    begun = time.monotonic()
    bell.wait(bell.strokes, 0.01)
    assert 0.005 < time.monotonic() - begun < 10.0


def test_without_the_call_waiting_is_a_short_sleep(bell: Bell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bell, "_number", None)
    bell.ring()
    begun = time.monotonic()
    bell.wait(bell.strokes, 30.0)
    assert time.monotonic() - begun < 10.0
