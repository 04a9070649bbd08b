"""A database that stands still makes the senders stand still: nothing piles up in memory, and nothing is lost."""

import select
import threading
from collections.abc import Callable
from typing import Final

import httpx
import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydicom.uid import CTImageStorage, generate_uid

from tests.acceptance.conftest import MODALITY
from tests.acceptance.peers.memory import Watched
from tests.acceptance.peers.node import Node
from tests.acceptance.peers.objects import ct_slice, encoded
from tests.acceptance.peers.raw import RawScu, store_rq
from tests.waiting import wait_until

pytestmark = pytest.mark.acceptance

ASSOCIATIONS, OBJECTS = 4, 40
# More than the kernel's buffers of a connection hold; what the listener does not take stays with the sender.
PIXELS: Final = bytes(512 * 512 * 2)
HELD_SECONDS = 3
GROWTH_MIB = 24


class EagerScu(threading.Thread):
    """Sends all its objects without waiting for an answer, which no modality does, and reads the answers then."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self.scu = RawScu(port)
        self.scu.socket.settimeout(60)
        self.has_sent_all = False
        self.statuses: list[int] = []

    def run(self) -> None:
        series, study = generate_uid(), generate_uid()
        for _ in range(OBJECTS):
            ds = ct_slice(StudyInstanceUID=study, SeriesInstanceUID=series, Rows=512, Columns=512, PixelData=PIXELS)
            command = store_rq(CTImageStorage.encode(), ds.SOPInstanceUID.encode())
            self.scu.send_fragments(1, 1, command)
            self.scu.send_fragments(1, 0, encoded(ds))
        self.has_sent_all = True
        self.statuses = [self.scu.response_status() for _ in range(OBJECTS)]

    def is_answered(self) -> bool:
        return bool(select.select([self.scu.socket], [], [], 0)[0])

    def store_one(self) -> int:
        """Store an object, so that the process has everything loaded and the series of the others are new."""
        ds = ct_slice()
        return self.scu.store(encoded(ds), sop_instance=ds.SOPInstanceUID.encode())


def test_a_database_that_stands_still_makes_senders_wait_and_memory_stays_flat(
    postgres_url: str, start_node: Callable[..., Node]
) -> None:
    node = start_node(aes=[MODALITY], database={"url": postgres_url}, analysis={"quiet_seconds": 3600})
    senders = [EagerScu(node.dicom_port) for _ in range(ASSOCIATIONS)]
    assert [sender.store_one() for sender in senders] == [0] * ASSOCIATIONS
    memory = Watched(node.children("dicom"))
    with psycopg.connect(postgres_url) as other, psycopg.connect(postgres_url, autocommit=True) as watcher:
        other.execute("LOCK TABLE instance IN ACCESS EXCLUSIVE MODE")
        for sender in senders:
            sender.start()
        wait_until(lambda: _has_waited(watcher), what="a listener that waits for the table")
        assert not any(sender.is_answered() for sender in senders)
        assert not any(sender.has_sent_all for sender in senders)
        other.rollback()
    for sender in senders:
        sender.join(60)
        sender.scu.socket.close()
    assert [sender.statuses for sender in senders] == [[0] * OBJECTS] * ASSOCIATIONS
    assert all(growth.peak < GROWTH_MIB for growth in memory.growth()), [str(growth) for growth in memory.growth()]
    counts = wait_until(lambda: _counts_when_complete(node), what="the counts of all objects")
    assert counts["index", "+Inf"] > counts["index", "2.0"]
    assert counts["rename", "+Inf"] == counts["rename", "2.0"]


def _has_waited(watcher: "psycopg.Connection[tuple[bool]]") -> bool:
    """Tell whether a transaction waits for a lock, long enough for everything that could pile up."""
    waiting = (
        "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND now() - query_start > %s * interval '1 s'"
    )
    return watcher.execute(waiting, [HELD_SECONDS]).fetchone() is not None


def _counts_when_complete(node: Node) -> dict[tuple[str, str], float] | None:
    """Return how many times of each stage are below each bound, once all objects are counted."""
    with node.client() as client:
        answer = client.get("/metrics")
    assert answer.status_code == httpx.codes.OK
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    samples = families["isocenter_ingest_seconds"].samples
    counts = {(s.labels["stage"], s.labels["le"]): s.value for s in samples if "le" in s.labels}
    return counts if counts["total", "+Inf"] == ASSOCIATIONS * (OBJECTS + 1) else None
