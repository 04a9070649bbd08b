"""A series is complete when it has been quiet for long enough, and not much later."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive import deliveries, events, jobs
from archive.origin import Origin, OriginKind
from archive.settling import Selection, SeriesSummary
from config.settings import Settings
from isocenter.settling import SettlingLoop
from isocenter.wiring import Node, open_node
from routing.queueing import Queueing
from tests.archive.objects import send_slice
from tests.waiting import wait_until

QUIET_SECONDS = 0.6
UPLOADED = Origin(kind=OriginKind.UPLOAD, principal="anna")


@pytest.fixture
def node(tmp_path: Path, database_url: str) -> Iterator[Node]:
    settings = Settings.model_validate(
        {
            "data_dir": tmp_path / "data",
            "database": {"url": database_url},
            "analysis": {"quiet_seconds": QUIET_SECONDS},
        }
    )
    with open_node(settings) as opened:
        yield opened


@pytest.fixture
def loop(node: Node) -> Iterator[None]:
    def select(summary: SeriesSummary) -> Selection:
        return Selection(analyzers=(("mock", "1"),)) if summary.modality == "CT" else Selection(reason="not CT")

    stop = threading.Event()
    settling = SettlingLoop(node, select=select, on_complete=Queueing(return_to_sender=True).series)
    thread = threading.Thread(target=settling.run, args=(stop,))
    thread.start()
    yield
    stop.set()
    node.bus.publish("arrivals")
    thread.join(10)
    assert not thread.is_alive()


def find(node: Node, kind: str) -> list[dict[str, object]]:
    return [event for event in node.database.read(events.since, "default", 0, 100) if event["type"] == kind]


@pytest.mark.usefixtures("loop")
def test_a_quiet_series_is_complete_and_has_a_job(node: Node) -> None:
    for number in (1, 2, 3):
        send_slice(node.archive, number, origin=UPLOADED)
    last = time.time()
    complete = wait_until(lambda: find(node, "series.complete"), what="the end of the series")
    elapsed = time.time() - last
    assert complete[0]["data"] == {"instances": 3, "modality": "CT"}
    # 0.2 s on an idle machine; a loop that only polled would be up to a second late.
    assert QUIET_SECONDS <= elapsed < QUIET_SECONDS + 0.9
    assert [job["analyzer"] for job in node.database.read(jobs.listing, "default").items] == ["mock"]
    assert sum(event["data"]["count"] for event in find(node, "instance.stored")) == 3  # type: ignore[index]


@pytest.mark.usefixtures("loop")
def test_images_that_keep_coming_keep_the_series_open(node: Node) -> None:
    pause = threading.Event()
    for number in range(1, 6):
        send_slice(node.archive, number, origin=UPLOADED)
        assert find(node, "series.complete") == []
        pause.wait(QUIET_SECONDS / 3)
    wait_until(lambda: find(node, "series.complete"), what="the end of the series")
    assert len(find(node, "series.complete")) == 1


@pytest.mark.usefixtures("loop")
def test_a_series_that_no_analyzer_takes_says_why(node: Node) -> None:
    send_slice(node.archive, 1, origin=UPLOADED, Modality="MR")
    skipped = wait_until(lambda: find(node, "job.skipped"), what="the skipped job")
    assert skipped[0]["data"]["reason"] == "not CT"  # type: ignore[index]
    assert node.database.read(deliveries.listing, "default").items == []
