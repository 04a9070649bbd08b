"""Associations on record: what became of each, and floods of refused ones."""

from typing import Any

import pytest

from archive import associations
from archive.database import Database
from tests.archive.node_rows import START, TENANT, last_event, types

REASON = "1/1/3 calling AE title not recognized"


def open_one(database: Database, *, listener: str = "one", now: float = START) -> int:
    titles = {"calling_ae_title": "MODALITY1", "called_ae_title": "ISOCENTER", "address": "192.0.2.7"}
    return database.write(associations.opened, TENANT, **titles, listener=listener, now=now)


def reject(database: Database, *, now: float = START, calling: str = "STRANGER") -> int:
    titles = {"calling_ae_title": calling, "called_ae_title": "ISOCENTER", "address": "192.0.2.7"}
    return database.write(associations.rejected, TENANT, **titles, reason=REASON, now=now)


def listed(database: Database, state: str | None = None) -> list[dict[str, Any]]:
    return database.read(associations.listing, TENANT, state=state).items


def test_an_association_is_open_then_closed(database: Database) -> None:
    number = open_one(database)
    assert [item["state"] for item in listed(database)] == ["open"]
    database.write(associations.closed, number, now=START + 5)
    (item,) = listed(database)
    assert (item["state"], item["reason"]) == ("closed", None)
    assert (item["time"], item["ended"]) == ("1970-01-12T13:46:40.000Z", "1970-01-12T13:46:45.000Z")


def test_an_aborted_association_says_why(database: Database) -> None:
    database.write(associations.aborted, open_one(database), "the peer went away", now=START)
    assert [(item["state"], item["reason"]) for item in listed(database)] == [("aborted", "the peer went away")]


def test_a_refused_association_is_on_record_and_in_the_feed(database: Database) -> None:
    reject(database)
    (item,) = listed(database, state="rejected")
    assert (item["calling_ae_title"], item["address"], item["reason"]) == ("STRANGER", "192.0.2.7", REASON)
    assert last_event(database, "association.rejected")["data"] == {
        "calling_ae_title": "STRANGER",
        "called_ae_title": "ISOCENTER",
        "address": "192.0.2.7",
        "reason": REASON,
    }
    assert listed(database, state="open") == []


def test_a_peer_that_knocks_without_pause_fills_neither_table_nor_feed(database: Database) -> None:
    for knock in range(20):
        reject(database, now=START + knock * 0.1)
    reject(database, now=START + 0.5, calling="ANOTHER")
    assert sorted(item["count"] for item in listed(database)) == [1, 10, 10]
    assert types(database) == ["association.rejected"] * 3


def test_what_a_peer_claims_to_be_is_shown_escaped(database: Database) -> None:
    reject(database, calling="A\0B\x1b[31m\n" + "C" * 500)
    (item,) = listed(database)
    assert item["calling_ae_title"].startswith("A\\x00B\\x1b[31m\\x0aCCC")
    assert len(item["calling_ae_title"]) <= 128


@pytest.mark.parametrize("listener", ["dead", None])
def test_associations_of_a_dead_listener_are_ended(database: Database, listener: str | None) -> None:
    open_one(database, listener="dead", now=START)
    open_one(database, listener="alive", now=START)
    database.write(associations.heartbeat, "alive", now=START + 40)
    assert database.write(associations.sweep_dead, now=START + 41, listener=listener) == 1
    assert [item["state"] for item in listed(database)] == ["open", "aborted"]


def test_an_association_ends_once(database: Database) -> None:
    number = open_one(database)
    database.write(associations.aborted, number, "the peer went away", now=START)
    database.write(associations.closed, number, now=START + 1)
    assert [item["state"] for item in listed(database)] == ["aborted"]
