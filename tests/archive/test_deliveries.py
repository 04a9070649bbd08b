"""Deliveries: once for each object and destination, in batches, with back-off, until confirmed or given up."""

import pytest

from archive import deliveries
from archive.database import Database
from archive.deliveries import ClaimedDelivery
from archive.errors import Conflict, NotFound
from tests.archive.node_rows import START, STUDY, TENANT, last_event, types


def enqueue(database: Database, count: int = 1, *, to: str = "PACS1", again: bool = False) -> int:
    return database.write(
        deliveries.enqueue,
        TENANT,
        study_uid=STUDY,
        series_uid="1.2.5",
        sop_instance_uids=[f"1.2.5.{number}" for number in range(count)],
        destination=to,
        cause="results",
        now=START,
        again=again,
    )


def claim(database: Database, *, now: float = START, limit: int = 100, worker: str = "w") -> list[ClaimedDelivery]:
    return database.write(
        deliveries.claim_batch, worker_id=worker, destination="PACS1", limit=limit, lease_seconds=60, now=now
    )


def mark_sent(database: Database, claimed: list[ClaimedDelivery], *, worker: str = "w") -> None:
    database.write(deliveries.mark_sent, [each.id for each in claimed], worker_id=worker, now=START + 1)


def mark_failed(database: Database, claimed: list[ClaimedDelivery], *, now: float = START, final: bool = False) -> None:
    ids = [each.id for each in claimed]
    database.write(deliveries.mark_failed, ids, "time-out", worker_id="w", now=now, final=final)


def statuses(database: Database) -> list[str]:
    return [item["status"] for item in database.read(deliveries.listing, TENANT).items]


def test_an_object_is_queued_once_for_a_destination(database: Database) -> None:
    assert enqueue(database, 2) == 2
    assert enqueue(database, 3) == 1
    assert enqueue(database, 1, to="PACS2") == 1
    assert database.read(deliveries.destinations_due, now=START) == ["PACS1", "PACS2"]


def test_a_delivery_is_listed_with_all_its_fields(database: Database) -> None:
    enqueue(database)
    (item,) = database.read(deliveries.listing, TENANT, destination="PACS1").items
    assert item == {
        "id": "1",
        "study_uid": STUDY,
        "series_uid": "1.2.5",
        "sop_instance_uid": "1.2.5.0",
        "destination": "PACS1",
        "cause": "results",
        "status": "queued",
        "attempt": 0,
        "error": None,
        "next_attempt": "1970-01-12T13:46:40.000Z",
        "created": "1970-01-12T13:46:40.000Z",
        "sent": None,
    }


def test_one_association_gets_many_objects_in_order(database: Database) -> None:
    enqueue(database, 5)
    assert [each.sop_instance_uid for each in claim(database, limit=3)] == ["1.2.5.0", "1.2.5.1", "1.2.5.2"]
    assert [each.sop_instance_uid for each in claim(database, worker="other")] == ["1.2.5.3", "1.2.5.4"]
    assert claim(database) == []
    assert database.read(deliveries.destinations_due, now=START) == []


def test_a_delivery_is_sent_then_confirmed(database: Database) -> None:
    enqueue(database, 2)
    claimed = claim(database)
    mark_sent(database, claimed)
    assert statuses(database) == ["sent", "sent"]
    (waiting, _) = database.read(deliveries.unconfirmed, destination="PACS1", sent_after=START, limit=10)
    database.write(deliveries.mark_confirmed, [waiting.id], now=START + 2)
    assert statuses(database) == ["sent", "confirmed"]
    assert types(database) == ["delivery.sent", "delivery.sent", "delivery.confirmed"]
    expected = {"delivery_id": "1", "destination": "PACS1", "sop_instance_uid": "1.2.5.0"}
    assert last_event(database, "delivery.confirmed")["data"] == expected


def test_failures_are_repeated_with_growing_pauses_and_end_in_a_dead_letter(database: Database) -> None:
    enqueue(database)
    now = START
    for attempt in range(1, deliveries.ATTEMPTS):
        mark_failed(database, claim(database, now=now), now=now)
        data = last_event(database, "delivery.failed")["data"]
        assert (data["attempt"], data["final"], data["reason"]) == (attempt, False, "time-out")
        pause = deliveries.back_off_seconds(attempt)
        assert database.read(deliveries.next_due, now=now) == now + pause
        assert claim(database, now=now + pause - 0.1) == []
        now += pause
    mark_failed(database, claim(database, now=now), now=now)
    assert last_event(database, "delivery.failed")["data"]["final"] is True
    assert statuses(database) == ["failed"]
    assert database.read(deliveries.next_due, now=now) is None


def test_the_pauses_double_from_five_seconds_to_five_minutes() -> None:
    pauses = [deliveries.back_off_seconds(attempt) for attempt in range(1, 10)]
    assert pauses == [5, 10, 20, 40, 80, 160, 300, 300, 300]


def test_what_cannot_succeed_is_not_repeated(database: Database) -> None:
    enqueue(database)
    mark_failed(database, claim(database), final=True)
    assert statuses(database) == ["failed"]


def test_a_dead_letter_is_sent_again_when_somebody_asks(database: Database) -> None:
    enqueue(database)
    mark_failed(database, claim(database), final=True)
    item = database.write(deliveries.retry, TENANT, 1, principal="admin", now=START + 9)
    assert (item["status"], item["attempt"], item["error"]) == ("queued", 0, None)
    assert claim(database, now=START + 9)[0].attempt == 1


def test_what_arrived_is_not_sent_again(database: Database) -> None:
    enqueue(database)
    mark_sent(database, claim(database))
    database.write(deliveries.mark_confirmed, [1], now=START)
    with pytest.raises(Conflict):
        database.write(deliveries.retry, TENANT, 1, principal="admin", now=START)
    assert enqueue(database) == 0


def test_a_person_may_send_everything_again(database: Database) -> None:
    enqueue(database, 1)
    mark_sent(database, claim(database))
    assert enqueue(database, 2, again=True) == 2
    assert statuses(database) == ["queued", "queued"]


def test_what_is_being_sent_is_not_taken_away(database: Database) -> None:
    enqueue(database)
    claim(database)
    with pytest.raises(Conflict):
        database.write(deliveries.retry, TENANT, 1, principal="admin", now=START + 1)


def test_a_lost_sender_loses_its_deliveries_to_another(database: Database) -> None:
    enqueue(database)
    lost = claim(database, worker="lost")
    assert claim(database, now=START + 59, worker="w") == []
    again = claim(database, now=START + 61, worker="w")
    assert again[0].attempt == 2
    mark_sent(database, lost, worker="lost")
    assert statuses(database) == ["queued"]
    mark_sent(database, again)
    assert statuses(database) == ["sent"]


def test_a_sender_that_needs_longer_keeps_its_deliveries(database: Database) -> None:
    enqueue(database)
    claimed = claim(database)
    ids = [each.id for each in claimed]
    database.write(deliveries.heartbeat, ids, worker_id="w", lease_seconds=60, now=START + 50)
    assert claim(database, now=START + 61, worker="other") == []


def test_an_object_that_kills_its_senders_is_given_up(database: Database) -> None:
    enqueue(database)
    for attempt in range(deliveries.ATTEMPTS):
        assert database.write(deliveries.release_expired, now=START + attempt * 61) == 0
        assert claim(database, now=START + attempt * 61)
    assert database.write(deliveries.release_expired, now=START + 1_000) == 1
    assert statuses(database) == ["failed"]


def test_the_delivery_of_another_tenant_does_not_exist(database: Database) -> None:
    enqueue(database)
    with pytest.raises(NotFound):
        database.read(deliveries.get, "elsewhere", 1)
    with pytest.raises(NotFound):
        database.write(deliveries.retry, "elsewhere", 1, principal="x", now=START)
