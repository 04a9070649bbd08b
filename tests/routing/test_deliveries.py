"""Queued objects reach their destinations, each at its own pace, and what happened to each is on record."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset
from pydicom.uid import SecondaryCaptureImageStorage
from pynetdicom import evt

from archive import deliveries, events
from archive.errors import NotTranscodable
from archive.retrieve import StoredInstance
from archive.uids import SOPClassUID, SOPInstanceUID
from routing.confirmation import STUDY_ROOT_FIND
from routing.dispatch import Destination
from tests.archive.objects import SERIES, STUDY, sop_uid
from tests.routing.peers import CT, EXPLICIT, IMPLICIT, peer, scp
from tests.routing.sending import Sending
from tests.waiting import free_port, wait_until

UIDS = [sop_uid(number) for number in (1, 2, 3)]
SYNTAXES = [EXPLICIT, IMPLICIT]


class Pacs:
    """What a peer got, and over how many associations."""

    def __init__(self, status: int = 0) -> None:
        self.received: list[str] = []
        self.classes: list[str] = []
        self.associations = 0
        self.status = status
        self.handlers: list[Any] = [(evt.EVT_C_STORE, self._store), (evt.EVT_ACCEPTED, self._accepted)]

    def _store(self, event: evt.Event) -> int:
        request: Any = event.request
        if self.status == 0:
            self.received.append(str(request.AffectedSOPInstanceUID))
            self.classes.append(str(request.AffectedSOPClassUID))
        return self.status

    def _accepted(self, event: evt.Event) -> None:
        contexts = event.assoc.accepted_contexts
        self.associations += any(context.abstract_syntax != STUDY_ROOT_FIND for context in contexts)


def queue(sending: Sending, *names: str, uids: list[str] | None = None) -> None:
    for name in names:
        sending.database.write(
            deliveries.enqueue,
            "default",
            study_uid=STUDY,
            series_uid=SERIES,
            sop_instance_uids=uids or UIDS,
            destination=name,
            cause="manual",
            now=time.time(),
        )
    sending.bus.publish("deliveries")


def items(sending: Sending, name: str = "PACS1") -> list[dict[str, Any]]:
    return sending.database.read(deliveries.listing, "default", destination=name).items


def wait_for(sending: Sending, status: str, name: str = "PACS1") -> list[dict[str, Any]]:
    def all_are() -> list[dict[str, Any]] | None:
        found = items(sending, name)
        return found if found and all(item["status"] == status for item in found) else None

    return wait_until(all_are, what=f"deliveries to {name} that are all {status}")


@pytest.fixture
def pacs(sending: Sending) -> Iterator[Pacs]:
    made = Pacs()
    with scp({CT: SYNTAXES, SecondaryCaptureImageStorage: SYNTAXES}, made.handlers) as destination:
        sending.destinations["PACS1"] = Destination(peer=destination)
        yield made


def test_many_objects_go_over_one_association(sending: Sending, pacs: Pacs, run_loop: Callable[[], None]) -> None:
    queue(sending, "PACS1")
    run_loop()
    wait_for(sending, "sent")
    assert sorted(pacs.received) == sorted(UIDS)
    assert pacs.associations == 1


def test_an_object_is_sent_soon_after_it_was_queued(sending: Sending, pacs: Pacs, run_loop: Callable[[], None]) -> None:
    run_loop()
    queue(sending, "PACS1", uids=UIDS[:1])
    wait_until(lambda: pacs.received, seconds=5, what="the first object")
    begun = time.monotonic()
    queue(sending, "PACS1", uids=UIDS[1:2])
    wait_until(lambda: len(pacs.received) == 2, seconds=5, what="the second object")
    # 0.1 s on an idle machine; without a wake-up it would be up to a second.
    assert time.monotonic() - begun < 0.8


def test_what_a_peer_finds_by_c_find_is_confirmed(sending: Sending, run_loop: Callable[[], None]) -> None:
    made = Pacs()

    def find(event: evt.Event) -> Iterator[tuple[int, Dataset | None]]:
        if event.identifier.SOPInstanceUID in made.received:
            yield 0xFF00, event.identifier

    handlers = [*made.handlers, (evt.EVT_C_FIND, find)]
    with scp({CT: SYNTAXES, STUDY_ROOT_FIND: SYNTAXES}, handlers) as destination:
        sending.destinations["PACS1"] = Destination(peer=destination)
        queue(sending, "PACS1")
        run_loop()
        wait_for(sending, "confirmed")
    types = [event["type"] for event in sending.database.read(events.since, "default", 0, 100)]
    assert types.count("delivery.sent") == types.count("delivery.confirmed") == 3
    assert types.index("delivery.sent") < types.index("delivery.confirmed")


def test_a_peer_that_indexes_late_is_asked_again(sending: Sending, run_loop: Callable[[], None]) -> None:
    made, asked = Pacs(), []

    def find(event: evt.Event) -> Iterator[tuple[int, Dataset | None]]:
        asked.append(event.identifier.SOPInstanceUID)
        if asked.count(event.identifier.SOPInstanceUID) > 1:
            yield 0xFF00, event.identifier

    handlers = [*made.handlers, (evt.EVT_C_FIND, find)]
    with scp({CT: SYNTAXES, STUDY_ROOT_FIND: SYNTAXES}, handlers) as destination:
        sending.destinations["PACS1"] = Destination(peer=destination)
        queue(sending, "PACS1", uids=UIDS[:1])
        run_loop()
        wait_for(sending, "confirmed")
    assert len(asked) == 2


def test_an_unreachable_peer_is_tried_again_later_and_the_others_are_not_kept(
    sending: Sending, pacs: Pacs, run_loop: Callable[[], None]
) -> None:
    sending.destinations["AWAY"] = Destination(peer=replace(peer(free_port()), name="AWAY"))
    queue(sending, "AWAY", "PACS1")
    run_loop()
    wait_for(sending, "sent")
    assert len(pacs.received) == 3
    waiting = wait_until(lambda: [item for item in items(sending, "AWAY") if item["error"]], what="a failed attempt")
    assert {item["status"] for item in waiting} == {"queued"}
    assert {item["attempt"] for item in waiting} == {1}
    assert "no connection" in waiting[0]["error"]
    assert all(item["next_attempt"] for item in waiting)


def test_a_refused_object_does_not_keep_the_others(sending: Sending, run_loop: Callable[[], None]) -> None:
    full = Pacs(status=0xA700)
    with scp({CT: SYNTAXES}, full.handlers) as destination:
        sending.destinations["PACS1"] = Destination(peer=destination)
        queue(sending, "PACS1")
        run_loop()
        failed = wait_until(lambda: [item for item in items(sending) if item["error"]], what="a failed attempt")
    assert len(failed) == 3
    assert {item["error"] for item in failed} == {"refused with status A700H"}


def test_an_object_that_is_gone_and_a_destination_that_is_unknown_fail_at_once(
    sending: Sending, pacs: Pacs, run_loop: Callable[[], None]
) -> None:
    queue(sending, "PACS1", uids=["1.2.3.4"])
    queue(sending, "NOBODY")
    run_loop()
    assert "not in the archive" in wait_for(sending, "failed")[0]["error"]
    assert wait_for(sending, "failed", "NOBODY")[0]["error"] == "there is no remote AE of this name"
    assert pacs.associations == 0


def test_a_failed_delivery_can_be_repeated_by_hand(sending: Sending, pacs: Pacs, run_loop: Callable[[], None]) -> None:
    queue(sending, "LATER", uids=UIDS[:1])
    run_loop()
    failed = wait_for(sending, "failed", "LATER")[0]
    sending.destinations["LATER"] = replace(
        sending.destinations["PACS1"], peer=replace(sending.destinations["PACS1"].peer, name="LATER")
    )
    sending.database.write(deliveries.retry, "default", int(failed["id"]), principal="admin", now=time.time())
    sending.bus.publish("deliveries")
    wait_for(sending, "sent", "LATER")
    assert pacs.received == UIDS[:1]


def test_a_destination_gets_the_form_it_can_keep(sending: Sending, pacs: Pacs, run_loop: Callable[[], None]) -> None:
    def convert(instance: StoredInstance, source: Path, sr_class: str, folder: Path) -> StoredInstance | None:
        assert sr_class == "enhanced"
        (folder / "converted").write_bytes(source.read_bytes())
        return replace(
            instance,
            key="converted",
            sop_class_uid=SOPClassUID(SecondaryCaptureImageStorage),
            sop_instance_uid=SOPInstanceUID("1.2.3"),
        )

    sending.convert = convert
    sending.destinations["PACS1"] = replace(sending.destinations["PACS1"], sr_class="enhanced")
    queue(sending, "PACS1", uids=UIDS[:1])
    run_loop()
    wait_for(sending, "sent")
    assert pacs.received == ["1.2.3"]
    assert pacs.classes == [SecondaryCaptureImageStorage]


def test_what_has_no_form_for_a_destination_fails_for_good(
    sending: Sending, pacs: Pacs, run_loop: Callable[[], None]
) -> None:
    def convert(instance: StoredInstance, source: Path, sr_class: str, folder: Path) -> StoredInstance | None:
        del instance, source, sr_class, folder
        raise NotTranscodable("no key image")

    sending.convert = convert
    queue(sending, "PACS1")
    run_loop()
    assert "no key image" in wait_for(sending, "failed")[0]["error"]
    assert pacs.received == []


def test_two_loops_send_each_object_once(sending: Sending, pacs: Pacs, run_loop: Callable[[], None]) -> None:
    run_loop()
    run_loop()
    queue(sending, "PACS1")
    wait_for(sending, "sent")
    assert sorted(pacs.received) == sorted(UIDS)


def test_a_loop_that_stops_finishes_its_batch(sending: Sending, pacs: Pacs) -> None:
    stop = threading.Event()
    loop = threading.Thread(target=sending.loop().run, args=(stop,))
    queue(sending, "PACS1")
    loop.start()
    wait_until(lambda: pacs.received, what="the first object")
    stop.set()
    sending.bus.publish("deliveries")
    loop.join(20)
    assert not loop.is_alive()
    assert {item["status"] for item in items(sending)} == {"sent"}
