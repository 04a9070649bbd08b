"""The metadata of a series are made soon after it is complete, and nobody tries for ever where that fails."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive import series_metadata
from archive.origin import Origin, OriginKind
from archive.series_metadata import SeriesState
from archive.settling import Selection
from config.settings import Settings
from isocenter.consequences import Consequences
from isocenter.metadata_loop import MetadataLoop
from isocenter.settling import SettlingLoop
from isocenter.wiring import Node, open_node
from tests.archive.objects import send_slice
from tests.waiting import wait_until

UPLOADED = Origin(kind=OriginKind.UPLOAD, principal="anna")


@pytest.fixture
def node(tmp_path: Path, database_url: str) -> Iterator[Node]:
    settings = Settings.model_validate(
        {"data_dir": tmp_path / "data", "database": {"url": database_url}, "analysis": {"quiet_seconds": 0.2}}
    )
    with open_node(settings) as opened:
        yield opened


@pytest.fixture
def loops(node: Node) -> Iterator[list[threading.Thread]]:
    """The two loops, to be started by the test."""
    stop = threading.Event()
    settling = SettlingLoop(
        node, select=lambda _: Selection(reason="none"), on_complete=Consequences(node.settings).series
    )
    threads = [threading.Thread(target=part, args=(stop,)) for part in (settling.run, MetadataLoop(node).run)]
    yield threads
    stop.set()
    for topic in ("arrivals", "jobs"):
        node.bus.publish(topic)
    for thread in threads:
        if thread.ident:
            thread.join(10)


def wanted(node: Node) -> list[SeriesState]:
    return node.database.read(series_metadata.wanted)


def test_they_are_made_when_the_series_is_complete(node: Node, loops: list[threading.Thread]) -> None:
    for number in (1, 2):
        send_slice(node.archive, number, origin=UPLOADED)
    settling, making = loops
    settling.start()
    [state] = wait_until(lambda: wanted(node), what="a complete series")
    making.start()
    wait_until(lambda: not wanted(node), what="made metadata")
    assert state.instances == 2
    assert node.database.read(series_metadata.content_of, state)


def test_a_series_whose_files_are_gone_is_tried_once(node: Node, loops: list[threading.Thread]) -> None:
    send_slice(node.archive, 1, origin=UPLOADED)
    settling, making = loops
    settling.start()
    [state] = wait_until(lambda: wanted(node), what="a complete series")
    for path in node.blobs.root.rglob("*.dcm"):
        path.unlink()
    making.start()
    wait_until(lambda: not wanted(node), what="the end of the wish")
    assert node.database.read(series_metadata.content_of, state) is None
