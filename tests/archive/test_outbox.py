"""Rows that workers take from each other's hands: notices, on SQLite and PostgreSQL."""

import pytest

from archive import availability, notices, outbox
from archive.database import Database
from archive.notices import Work
from archive.outbox import ATTEMPTS, Claim

START = 1_000_000.0


@pytest.fixture(autouse=True)
def _one_notification(database: Database) -> None:
    database.write(
        availability.enqueue, "default", study_uid="1.2", series_uid="1.2.3", destinations=["PACS1"], now=START
    )


def claim(database: Database, worker_id: str, *, now: float = START) -> Claim | None:
    return database.write(notices.claim, Work.NOTIFY, worker_id=worker_id, lease_seconds=10.0, now=now)


def item(database: Database) -> dict[str, object]:
    (only,) = database.read(availability.listing, "default").items
    return only


def test_what_is_due_is_claimed_once(database: Database) -> None:
    assert database.read(notices.due, now=START) == {Work.NOTIFY}
    assert database.read(notices.due, now=START - 1) == frozenset()
    assert claim(database, "a") is not None
    assert claim(database, "b") is None
    assert database.read(notices.due, now=START) == frozenset()


def test_who_lost_its_lease_does_not_speak_for_the_next(database: Database) -> None:
    first = claim(database, "a")
    second = claim(database, "b", now=START + 11)
    assert first is not None
    assert second is not None
    assert second.attempt == 2
    assert not database.write(availability.mark_sent, first, now=START + 12)
    assert item(database)["status"] == "queued"
    assert database.write(availability.mark_sent, second, now=START + 12)
    assert (item(database)["status"], item(database)["attempt"]) == ("sent", 2)


def test_a_failed_attempt_is_followed_by_a_pause(database: Database) -> None:
    first = claim(database, "a")
    assert first is not None
    assert database.write(availability.postpone, first, "no connection", now=START)
    assert item(database)["error"] == "no connection"
    assert claim(database, "a", now=START + 4) is None
    assert claim(database, "a", now=START + 6) is not None


def test_after_the_last_attempt_it_is_failed(database: Database) -> None:
    last = claim(database, "a")
    assert last is not None
    final = Claim(id=last.id, worker_id=last.worker_id, attempt=ATTEMPTS)
    assert not database.write(availability.postpone, final, "no connection", now=START)
    assert item(database)["status"] == outbox.FAILED
    assert claim(database, "a", now=START + 1e6) is None


def test_what_is_done_is_forgotten_after_a_month(database: Database) -> None:
    claimed = claim(database, "a")
    assert claimed is not None
    database.write(availability.mark_sent, claimed, now=START)
    assert database.write(notices.forget, now=START + 29 * 86_400) == 0
    assert database.write(notices.forget, now=START + 31 * 86_400) == 1
