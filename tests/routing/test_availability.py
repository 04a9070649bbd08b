"""Instance availability notification, to pynetdicom's SCP."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from pydicom import Dataset
from pynetdicom import evt

from access import remote_aes
from access.remote_aes import RemoteAE
from archive import availability
from archive.results import NewResult
from archive.series_summary import find_summary
from archive.settling import Selection, collect_arrivals, settle
from routing.availability import AVAILABILITY, Availability
from routing.notices import NoticeLoop
from routing.peers import Peer
from tests.archive.objects import SERIES, STUDY, sop_uid
from tests.routing.peers import EXPLICIT, scp
from tests.routing.sending import Sending
from tests.waiting import wait_until


@dataclass
class Informed:
    """A peer that is told of series; `statuses` are its answers."""

    statuses: list[int] = field(default_factory=list)
    told: list[Dataset] = field(default_factory=list)

    def take(self, event: evt.Event) -> tuple[int, Dataset | None]:
        self.told.append(event.attribute_list)
        return (self.statuses.pop(0) if self.statuses else 0), None


@pytest.fixture
def complete(sending: Sending) -> Callable[[], None]:
    """Complete the series as the worker does."""

    def complete() -> None:
        for name, wants in (("PACS1", True), ("PACS2", False)):
            ae = RemoteAE(name=name, ae_title=name, host="127.0.0.1", port=104, availability=wants)
            sending.database.write(remote_aes.add, ae, now=time.time())
        summary = sending.database.read(find_summary, "default", STUDY, SERIES)
        sending.database.write(Availability().series, summary)

    return complete


@contextmanager
def loop_to(sending: Sending, peer: Peer) -> Iterator[None]:
    stop = threading.Event()
    loop = NoticeLoop(sending.database, sending.archive.blobs, sending.bus, find={"PACS1": peer}.get)
    thread = threading.Thread(target=loop.run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        sending.bus.publish("notices")
        thread.join(20)
        assert not thread.is_alive()


def items(sending: Sending) -> list[dict[str, object]]:
    return sending.database.read(availability.listing, "default").items


def test_a_complete_series_is_told_to_those_who_want_to_know(sending: Sending, complete: Callable[[], None]) -> None:
    informed = Informed()
    with scp({AVAILABILITY: [EXPLICIT]}, [(evt.EVT_N_CREATE, informed.take)]) as peer, loop_to(sending, peer):
        complete()
        wait_until(lambda: [one["status"] for one in items(sending)] == ["sent"], what="the notification")
    (told,) = informed.told
    assert told.StudyInstanceUID == STUDY
    assert len(told.ReferencedPerformedProcedureStepSequence) == 0
    (series,) = told.ReferencedSeriesSequence
    assert series.SeriesInstanceUID == SERIES
    assert {one.ReferencedSOPInstanceUID for one in series.ReferencedSOPSequence} == {sop_uid(n) for n in (1, 2, 3)}
    assert {(one.InstanceAvailability, one.RetrieveAETitle) for one in series.ReferencedSOPSequence} == {
        ("ONLINE", "ISOCENTER")
    }


def test_a_notification_that_is_refused_is_sent_again(
    sending: Sending, complete: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archive.outbox.back_off_seconds", lambda _: 0.1)
    informed = Informed(statuses=[0x0110])
    with scp({AVAILABILITY: [EXPLICIT]}, [(evt.EVT_N_CREATE, informed.take)]) as peer, loop_to(sending, peer):
        complete()
        wait_until(lambda: [one["status"] for one in items(sending)] == ["sent"], what="the notification")
    assert len(informed.told) == 2


def test_a_peer_without_the_service_is_named_in_the_listing(sending: Sending, complete: Callable[[], None]) -> None:
    with scp({"1.2.840.10008.1.1": [EXPLICIT]}, []) as peer, loop_to(sending, peer):
        complete()
        wait_until(lambda: items(sending)[0]["error"] if items(sending) else None, what="the failed attempt")
    (item,) = items(sending)
    assert (item["status"], item["attempt"]) == ("queued", 1)
    assert "does not accept Instance Availability Notification" in str(item["error"])


def test_the_series_of_a_result_is_told_too(sending: Sending) -> None:
    ae = RemoteAE(name="PACS1", ae_title="PACS1", host="127.0.0.1", port=104, availability=True)
    sending.database.write(remote_aes.add, ae, now=time.time())
    result = NewResult(
        job_id=1,
        study_uid=STUDY,
        series_uid="1.2.3.9",
        analyzed_series_uid=SERIES,
        sop_instance_uid="1.2.3.9.1",
        sop_class_uid="1.2.840.10008.5.1.4.1.1.88.34",
        modality="SR",
        analyzer="mock-ct-chest",
        version="1",
    )
    sending.database.write(Availability().result, "elsewhere", result)
    assert items(sending) == []
    sending.database.write(Availability().result, "default", result)
    (item,) = items(sending)
    assert (item["destination"], item["series_uid"], item["status"]) == ("PACS1", "1.2.3.9", "queued")


def test_it_is_queued_in_the_transaction_that_completes_the_series(sending: Sending) -> None:
    ae = RemoteAE(name="PACS1", ae_title="PACS1", host="127.0.0.1", port=104, availability=True)
    sending.database.write(remote_aes.add, ae, now=time.time())
    later = time.time() + 3_600
    sending.database.write(collect_arrivals, later)
    select, told = (lambda _: Selection(reason="a test")), Availability().series
    assert sending.database.write(settle, now=later, quiet_seconds=1.0, select=select, on_complete=told) == 1
    (item,) = items(sending)
    assert (item["destination"], item["study_uid"], item["series_uid"]) == ("PACS1", STUDY, SERIES)
