"""Requests for storage commitment as they are kept, on SQLite and PostgreSQL."""

import pytest

from archive import asked_commitments, commitments, notices
from archive.commitments import HERE_SECONDS, Reference, Refused
from archive.database import Database
from archive.errors import Conflict
from archive.notices import Work
from archive.outbox import Claim

START = 1_000_000.0
CT = "1.2.840.10008.5.1.4.1.1.2"
ITEMS = (Reference(CT, "1.2.1"), Reference(CT, "1.2.2"))


def request(
    database: Database, *items: Reference, here: bool = False, ae_title: str = "CT1", now: float = START
) -> int:
    return database.write(
        commitments.request,
        "default",
        transaction_uid="1.2.3",
        ae_title=ae_title,
        destination=ae_title,
        items=items or ITEMS,
        here=here,
        now=now,
    )


def claim(database: Database, work: Work, *, now: float = START) -> Claim | None:
    return database.write(notices.claim, work, worker_id="w", lease_seconds=60.0, now=now)


def examine(database: Database, *failures: Refused) -> Claim:
    claimed = claim(database, Work.EXAMINE)
    assert claimed is not None
    assert database.write(commitments.mark_examined, claimed, failures, now=START)
    return claimed


def report(database: Database, *, now: float = START) -> None:
    claimed = claim(database, Work.REPORT, now=now)
    assert claimed is not None
    assert database.write(commitments.mark_reported, claimed, now=now)


def test_a_request_keeps_all_that_the_report_needs(database: Database) -> None:
    number = request(database)
    refused = Refused(CT, "1.2.2", 0x0112)
    examine(database, refused)
    kept = database.read(commitments.get, number)
    assert kept is not None
    assert (kept.transaction_uid, kept.destination, kept.items, kept.failures) == ("1.2.3", "CT1", ITEMS, (refused,))


def test_the_report_waits_for_those_who_want_it_on_their_association(database: Database) -> None:
    number = request(database, here=True)
    examine(database)
    assert database.read(commitments.is_examined, number)
    assert claim(database, Work.REPORT) is None
    here = commitments.claim_for_here
    assert database.write(here, number, worker_id="l", lease_seconds=60.0, now=START) is not None
    assert database.write(here, number, worker_id="l", lease_seconds=60.0, now=START) is None
    # The listener died with the report in its hands.
    assert claim(database, Work.REPORT, now=START + HERE_SECONDS + 61) is not None


def test_who_does_not_wait_any_more_gets_it_at_once(database: Database) -> None:
    number = request(database, here=True)
    examine(database)
    database.write(commitments.stop_waiting, number, now=START)
    report(database)


def test_a_request_that_is_repeated_is_the_same_until_it_is_reported(database: Database) -> None:
    number = request(database)
    assert request(database, *reversed(ITEMS)) == number
    examine(database)
    report(database)
    assert claim(database, Work.EXAMINE) is None
    assert request(database) == number
    assert claim(database, Work.EXAMINE) is not None


def test_a_transaction_uid_stands_for_the_same_objects(database: Database) -> None:
    number = request(database)
    with pytest.raises(Conflict):
        request(database, ITEMS[0])
    # Another requester knows nothing of the first.
    assert request(database, ITEMS[0], ae_title="CT2") != number


def test_our_own_requests_are_forgotten_when_no_report_can_come_any_more(database: Database) -> None:
    def remember(uid: str, now: float) -> None:
        about = asked_commitments.remember
        database.write(about, "default", transaction_uid=uid, destination="PACS1", deliveries={"1.2.1": 7}, now=now)

    remember("1.1", START)
    found = database.read(asked_commitments.find, "default", "1.1")
    assert found is not None
    assert (found.destination, found.deliveries) == ("PACS1", {"1.2.1": 7})
    assert database.read(asked_commitments.find, "other", "1.1") is None
    remember("1.2", START + asked_commitments.KEPT_SECONDS + 1)
    assert database.read(asked_commitments.find, "default", "1.1") is None
