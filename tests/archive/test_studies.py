"""The worklist, a study's status, and its end."""

from typing import Any

import pytest
from sqlalchemy import Connection, select

from archive import audit, deliveries, jobs, results, statistics, studies
from archive.database import Database
from archive.errors import Conflict, InvalidQuery, NotFound
from archive.tables import obsolete_blob
from tests.archive.index_rows import add_instance
from tests.archive.node_rows import (
    QUIET,
    SERIES,
    START,
    STUDY,
    TENANT,
    arrive,
    claim,
    last_event,
    produced,
    settle,
    settled_series,
    types,
)

PEOPLE = [
    ("1.1", {"patient_name": "Müller^Jürgen", "patient_id": "A_1", "study_date": "20260101"}, "CT"),
    ("1.2", {"patient_name": "Doe^Jane", "patient_id": "B%2", "study_date": "20260215"}, "MR"),
    ("1.3", {"patient_name": "Doe^John", "study_description": "CHEST routine", "accession_number": "ACC7"}, "CT"),
]


@pytest.fixture
def worklist(database: Database) -> Database:
    """A database with three studies of different people."""
    for uid, about, modality in PEOPLE:
        uids = (uid, f"{uid}.1", f"{uid}.1.1")
        database.write(add_instance, uids=uids, of_study=about, of_series={"modality": modality})
    return database


def obsolete_keys(connection: Connection) -> list[str]:
    return list(connection.scalars(select(obsolete_blob.c.blob_key)))


def found(database: Database, **filters: Any) -> list[str]:
    return [item["study_uid"] for item in database.read(studies.listing, TENANT, **filters).items]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, ["1.3", "1.2", "1.1"]),
        ({"search": "doe"}, ["1.3", "1.2"]),
        ({"search": "john, DOE"}, ["1.3"]),
        ({"search": "MÜLLER"}, ["1.1"]),
        ({"search": "chest"}, ["1.3"]),
        ({"search": "acc7"}, ["1.3"]),
        ({"search": "a_1"}, ["1.1"]),
        ({"search": "_"}, ["1.1"]),
        ({"search": "%"}, ["1.2"]),
        ({"search": "'; DROP TABLE study"}, []),
        ({"modality": "CT"}, ["1.3", "1.1"]),
        ({"modality": "CT", "search": "doe"}, ["1.3"]),
        ({"from": "2026-02-01"}, ["1.2"]),
        ({"to": "20260131"}, ["1.1"]),
        ({"from": "20260101", "to": "20261231"}, ["1.2", "1.1"]),
        ({"status": "RECEIVING"}, ["1.3", "1.2", "1.1"]),
        ({"status": "COMPLETE"}, []),
        ({"study_uid": "1.2"}, ["1.2"]),
    ],
)
def test_the_worklist_is_searched(worklist: Database, filters: dict[str, str], expected: list[str]) -> None:
    assert found(worklist, **filters) == expected


@pytest.mark.parametrize("filters", [{"from": "yesterday"}, {"to": "2026"}, {"colour": "red"}])
def test_an_impossible_search_is_refused(worklist: Database, filters: dict[str, str]) -> None:
    with pytest.raises(InvalidQuery):
        found(worklist, **filters)


def test_the_worklist_is_read_page_by_page(worklist: Database) -> None:
    first = worklist.read(studies.listing, TENANT, limit=2)
    second = worklist.read(studies.listing, TENANT, limit=2, cursor=first.next)
    assert [len(first.items), len(second.items)] == [2, 1]
    assert second.next is None


def item(database: Database) -> dict[str, Any]:
    (only,) = database.read(studies.listing, TENANT, study_uid=STUDY).items
    return only


def test_a_study_is_listed_with_what_its_series_add_up_to(database: Database) -> None:
    for number in range(3):
        database.write(arrive, number, of_series={"modality": "CT"})
    settle(database, START + QUIET, "fast", "slow")
    fast = claim(database)
    slow = claim(database)
    database.write(jobs.complete, fast.id, fast.token, now=START + 20)
    database.write(jobs.progress, slow.id, slow.token, 50, now=START + 20)
    database.write(arrive, 1, uids=(STUDY, "1.2.3.9"), origin="analysis", of_series={"modality": "SR"})
    settle(database, START + 20)
    shown = item(database)
    assert (shown["status"], shown["percent"], shown["instances"]) == ("ANALYZING", 75, 3)
    assert shown["modalities"] == ["CT", "SR"]
    assert shown["received"] == "1970-01-01T00:00:01.000Z"


def test_the_status_counts_jobs_in_every_state(database: Database) -> None:
    settled_series(database, "mock")
    assert database.read(studies.status, TENANT, STUDY) == {
        "study_uid": STUDY,
        "status": "PENDING",
        "jobs": {"PENDING": 1, "ANALYZING": 0, "COMPLETE": 0, "FAILED": 0, "SKIPPED": 0, "CANCELED": 0},
    }
    with pytest.raises(NotFound):
        database.read(studies.status, TENANT, "9.9")
    with pytest.raises(NotFound):
        database.read(studies.status, "elsewhere", STUDY)


def test_a_deleted_study_leaves_nothing_but_the_record(database: Database) -> None:
    settled_series(database, "mock")
    claimed = claim(database)
    database.write(results.record, TENANT, produced(claimed), now=START)
    database.write(
        deliveries.enqueue,
        TENANT,
        study_uid=STUDY,
        series_uid=SERIES,
        sop_instance_uids=["1.2"],
        destination="PACS1",
        cause="results",
        now=START,
    )
    keys = database.write(studies.delete_study, TENANT, STUDY, principal="admin", now=START)
    assert keys == [f"ab/{SERIES}.1"]
    assert database.read(obsolete_keys) == keys
    for listing in (studies.listing, jobs.listing, results.listing, deliveries.listing):
        assert database.read(listing, TENANT).items == []
    assert last_event(database, "study.deleted")["study_uid"] == STUDY
    assert types(database)[-1] == "study.deleted"
    (record,) = database.read(audit.listing, TENANT, action="study.deleted").items
    assert (record["principal"], record["study_uid"], record["detail"]) == ("admin", STUDY, {"instances": 1})
    with pytest.raises(Conflict):
        database.write(jobs.complete, claimed.id, claimed.token, now=START)


def test_only_a_study_of_the_tenant_is_deleted(database: Database) -> None:
    settled_series(database)
    with pytest.raises(NotFound):
        database.write(studies.delete_study, "elsewhere", STUDY, principal="admin", now=START)
    assert database.read(studies.status, TENANT, STUDY)["status"] == "SKIPPED"


def test_statistics_count_everything(worklist: Database) -> None:
    settled_series(worklist, "mock")
    numbers = worklist.read(statistics.node, now=START, tenant=TENANT)
    assert {key: numbers[key] for key in ("patients", "studies", "series", "instances", "bytes")} == {
        "patients": 4,
        "studies": 4,
        "series": 4,
        "instances": 4,
        "bytes": 4_000,
    }
    assert numbers["jobs"] == {"PENDING": 1}
    assert worklist.read(statistics.node, now=START, tenant="elsewhere")["studies"] == 0
    assert worklist.read(statistics.node, now=START)["studies"] == 4
