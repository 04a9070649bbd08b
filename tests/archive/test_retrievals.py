"""Retrievals in the database: claimed once, taken up again when a worker is gone, canceled."""

from typing import Any

import pytest

from archive import audit, retrievals
from archive.database import Database
from archive.errors import Conflict, NotFound
from archive.retrievals import Counts, RetrievalState

NOW, LEASE = 1_000.0, 60.0


def ask(database: Database, study_uid: str = "1.2") -> dict[str, Any]:
    return database.write(
        retrievals.enqueue,
        "default",
        remote_ae="PACS1",
        method="get",
        study_uid=study_uid,
        series_uids=("1.2.3",),
        principal="jane",
        now=NOW,
    )


def claim(database: Database, worker: str = "one", now: float = NOW) -> retrievals.ClaimedRetrieval | None:
    return database.write(retrievals.claim, worker=worker, lease_seconds=LEASE, now=now)


def note(database: Database, key: int, worker: str = "one", now: float = NOW) -> bool:
    counts = Counts(remaining=4, completed=5, failed=0, warning=1)
    return database.write(retrievals.note, key, counts, worker=worker, lease_seconds=LEASE, now=now)


def test_the_oldest_is_claimed_once(database: Database) -> None:
    first, second = ask(database), ask(database, "1.3")
    claimed = [claim(database), claim(database, "two"), claim(database)]
    assert [str(each.id) if each else None for each in claimed] == [first["id"], second["id"], None]
    assert claimed[0]
    assert (claimed[0].study_uid, claimed[0].series_uids, claimed[0].principal) == ("1.2", ("1.2.3",), "jane")
    assert not database.read(retrievals.is_due, now=NOW)


def test_what_a_dead_worker_left_is_taken_up_and_the_dead_has_no_say(database: Database) -> None:
    ask(database)
    claimed = claim(database)
    assert claimed
    later = NOW + LEASE + 1
    assert claim(database, "two", later) == claimed
    assert note(database, claimed.id, "one", later), "whoever lost the claim is to stop"
    ended = RetrievalState.FAILED
    database.write(retrievals.finish, claimed, ended, "lost", None, worker="one", now=later)
    assert database.read(retrievals.get, "default", claimed.id)["status"] == "running"


def test_a_note_keeps_the_claim_and_shows_progress(database: Database) -> None:
    ask(database)
    claimed = claim(database)
    assert claimed
    assert not note(database, claimed.id, now=NOW + LEASE - 1)
    assert claim(database, "two", NOW + LEASE + 1) is None
    item = database.read(retrievals.get, "default", claimed.id)
    assert (item["remaining"], item["completed"], item["warning"]) == (4, 5, 1)


def test_a_running_one_is_told_to_stop_and_an_ended_one_cannot_be(database: Database) -> None:
    ask(database)
    claimed = claim(database)
    assert claimed
    database.write(retrievals.request_cancel, "default", claimed.id, principal="jane", now=NOW)
    assert note(database, claimed.id)
    database.write(retrievals.finish, claimed, RetrievalState.CANCELED, "", None, worker="one", now=NOW + 1)
    with pytest.raises(Conflict):
        database.write(retrievals.request_cancel, "default", claimed.id, principal="jane", now=NOW)


def test_a_failure_is_a_failure_in_the_audit(database: Database) -> None:
    ask(database)
    claimed = claim(database)
    assert claimed
    database.write(retrievals.finish, claimed, RetrievalState.PARTIAL, "2 missing", None, worker="one", now=NOW + 1)
    records = database.read(audit.listing, "default").items
    assert [(each["action"], each["outcome"], each["principal"]) for each in records] == [
        ("retrieval.ended", "failure", "jane"),
        ("retrieval.started", "success", "jane"),
    ]


def test_another_tenant_sees_and_cancels_nothing(database: Database) -> None:
    key = int(ask(database)["id"])
    assert database.read(retrievals.listing, "north").items == []
    with pytest.raises(NotFound):
        database.write(retrievals.request_cancel, "north", key, principal="jim", now=NOW)
