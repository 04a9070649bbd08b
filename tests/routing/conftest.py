"""A real archive with a few objects, and the loop that delivers from it."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from archive.blobs import FileBlobs
from archive.bus import bus_directory
from archive.database import Database
from archive.ingest import Archive
from archive.local_bus import LocalBus
from tests.archive.objects import send_slice
from tests.routing.sending import Sending


@pytest.fixture
def sending(database: Database, tmp_path: Path) -> Iterator[Sending]:
    """An archive with three slices of one series."""
    bus = LocalBus(bus_directory(tmp_path))
    with FileBlobs(tmp_path / "blobs") as blobs, Archive(database, blobs) as archive:
        for number in (1, 2, 3):
            send_slice(archive, number)
        yield Sending(database=database, archive=archive, bus=bus)
    bus.close()


@pytest.fixture
def run_loop(sending: Sending) -> Iterator[Callable[[], None]]:
    """Run the loop in a thread; it is stopped after the test."""
    stop = threading.Event()
    threads: list[threading.Thread] = []

    def run() -> None:
        threads.append(threading.Thread(target=sending.loop().run, args=(stop,)))
        threads[-1].start()

    yield run
    stop.set()
    sending.bus.publish("deliveries")
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()
