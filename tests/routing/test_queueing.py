"""What comes in, and what analyzers make, is queued for those whom the rules name."""

import time
from typing import Any

import pytest

from access import remote_aes
from access.remote_aes import RemoteAE
from archive import deliveries, routes
from archive.database import Database
from archive.origin import Origin, OriginKind
from archive.results import NewResult
from archive.routes import Route
from archive.series_summary import find_summary
from archive.settling import collect_arrivals
from routing.queueing import Queueing
from tests.archive.objects import SERIES, STUDY, send_slice, sop_uid
from tests.routing.sending import Sending

RESULT = NewResult(
    job_id=None,
    study_uid=STUDY,
    series_uid=f"{SERIES}.9",
    analyzed_series_uid=SERIES,
    sop_instance_uid=f"{SERIES}.9.1",
    sop_class_uid="1.2.840.10008.5.1.4.1.1.88.34",
    modality="SR",
    analyzer="mock",
    version="1",
)


@pytest.fixture
def queueing(sending: Sending) -> Queueing:
    peers: list[dict[str, Any]] = [
        {"name": "MODALITY1", "ae_title": "MODALITY1"},
        {"name": "PACS1", "ae_title": "PACS1", "results": True},
        {"name": "ARCHIVE", "ae_title": "ARCHIVE", "results": False},
        {"name": "ELSEWHERE", "ae_title": "PACS2", "results": True, "tenant": "other"},
    ]
    for values in peers:
        ae = RemoteAE(host="127.0.0.1", port=104, **values)
        sending.database.write(remote_aes.add, ae, now=1.0)
    sending.database.write(collect_arrivals, time.time())
    return Queueing(return_to_sender=True)


def queued(database: Database) -> dict[tuple[str, str], str]:
    items = database.read(deliveries.listing, "default").items
    return {(item["destination"], item["sop_instance_uid"]): item["cause"] for item in items}


def settle(sending: Sending, queueing: Queueing) -> None:
    summary = sending.database.read(find_summary, "default", STUDY, SERIES)
    sending.database.write(queueing.series, summary)


def add_route(sending: Sending, name: str, **rule: Any) -> None:
    sending.database.write(routes.add, Route(name=name, rule=rule), now=1.0)


def test_a_complete_series_goes_where_a_route_says(sending: Sending, queueing: Queueing) -> None:
    add_route(sending, "ct-to-archive", modality=["CT"], to=["ARCHIVE"])
    add_route(sending, "mr-to-pacs", modality=["MR"], to=["PACS1"])
    settle(sending, queueing)
    expected = {("ARCHIVE", sop_uid(number)): "ct-to-archive" for number in (1, 2, 3)}
    assert queued(sending.database) == expected


def test_late_images_are_queued_and_nothing_is_queued_twice(sending: Sending, queueing: Queueing) -> None:
    add_route(sending, "all", to=["ARCHIVE"])
    settle(sending, queueing)
    send_slice(sending.archive, 4)
    settle(sending, queueing)
    assert len(queued(sending.database)) == 4


def test_each_sender_of_a_series_is_spared_its_own_images(sending: Sending, queueing: Queueing) -> None:
    from_archive = Origin(kind=OriginKind.DIMSE, ae_title="ARCHIVE", address="192.0.2.8")
    send_slice(sending.archive, 4, origin=from_archive)
    add_route(sending, "all", to=["ARCHIVE"])
    settle(sending, queueing)
    assert ("ARCHIVE", sop_uid(1)) in queued(sending.database)
    assert ("ARCHIVE", sop_uid(4)) not in queued(sending.database)


def test_a_result_goes_to_the_pacs_and_back_to_the_sender(sending: Sending, queueing: Queueing) -> None:
    sending.database.write(queueing.result, "default", RESULT)
    uid = RESULT.sop_instance_uid
    assert queued(sending.database) == {("MODALITY1", uid): "return", ("PACS1", uid): "results"}


def test_a_result_whose_images_are_deleted_still_goes_to_the_pacs(sending: Sending, queueing: Queueing) -> None:
    gone = NewResult(
        **{
            **{name: getattr(RESULT, name) for name in NewResult.__dataclass_fields__},
            "analyzed_series_uid": "1.2.3",
        }
    )
    sending.database.write(queueing.result, "default", gone)
    assert queued(sending.database) == {("PACS1", RESULT.sop_instance_uid): "results"}


def test_another_tenants_destination_gets_nothing(sending: Sending, queueing: Queueing) -> None:
    add_route(sending, "all", origin="any", to=["ELSEWHERE"])
    settle(sending, queueing)
    sending.database.write(queueing.result, "default", RESULT)
    assert "ELSEWHERE" not in {name for name, _ in queued(sending.database)}
