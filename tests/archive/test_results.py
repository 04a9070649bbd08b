"""Results: recorded once, superseded by newer ones, accepted and rejected by people."""

import pytest
from sqlalchemy import Connection, select

from archive import audit, results
from archive.database import Database
from archive.errors import Conflict, NotFound
from archive.results import NewResult, VerifiedReport
from archive.tables import instance
from tests.archive.index_rows import add_instance
from tests.archive.node_rows import (
    QUIET,
    SEG_CLASS,
    SERIES,
    SR_CLASS,
    START,
    STUDY,
    TENANT,
    claim,
    last_event,
    produced,
    settled_series,
    types,
)

NOW = START + QUIET
RUN = (("SEG", SEG_CLASS), ("SR", SR_CLASS))
REPORT = VerifiedReport(series_uid="1.2.9", sop_instance_uid="1.2.9.1", sop_class_uid=SR_CLASS)


def run(database: Database, number: int = 1) -> list[int]:
    """Let images arrive and a job make a SEG and an SR; the ids of the results."""
    at = START + 100 * number
    settled_series(database, "mock", at=at, number=number)
    claimed = claim(database, now=at + QUIET)
    made = produced(claimed, *RUN, run=str(90 + number))
    for new in made:
        uids = (new.study_uid, new.series_uid, new.sop_instance_uid)
        database.write(add_instance, uids=uids, of_series={"modality": new.modality, "own_result": True})
    return database.write(results.record, TENANT, made, now=at + QUIET)


def hidden(connection: Connection) -> set[str]:
    return set(connection.execute(select(instance.c.sop_instance_uid).where(instance.c.hidden)).scalars())


def states(database: Database) -> list[tuple[str, str]]:
    items = database.read(results.listing, TENANT, state="all").items
    return [(item["modality"], item["state"]) for item in reversed(items)]


def test_a_result_is_listed_with_all_its_fields(database: Database) -> None:
    seg, sr = run(database)
    item = database.read(results.get, TENANT, sr)
    assert {key: item[key] for key in ("id", "job_id", "study_uid", "modality", "analyzer", "version", "state")} == {
        "id": str(sr),
        "job_id": "1",
        "study_uid": STUDY,
        "modality": "SR",
        "analyzer": "mock",
        "version": "1.0",
        "state": "preliminary",
    }
    assert (item["sop_class_uid"], item["analyzed_series_uid"], item["predecessor_uid"]) == (SR_CLASS, SERIES, None)
    assert [each["id"] for each in database.read(results.listing, TENANT).items] == [str(sr), str(seg)]
    assert database.read(results.listing, TENANT, modality="SEG", study_uid=STUDY).items[0]["id"] == str(seg)


def test_deliveries_are_made_in_the_transaction_that_records(database: Database) -> None:
    settled_series(database, "mock")
    delivered: list[NewResult] = []
    made = produced(claim(database), *RUN)
    database.write(
        results.record, TENANT, made, now=NOW, deliver=lambda _connection, _tenant, new: delivered.append(new)
    )
    assert delivered == made


def test_a_run_over_late_images_supersedes_the_run_before(database: Database) -> None:
    run(database, 1)
    first_sr = database.read(results.predecessor, TENANT, analyzed_series_uid=SERIES, analyzer="mock")
    run(database, 2)
    assert states(database) == [
        ("SEG", "superseded"),
        ("SR", "superseded"),
        ("SEG", "preliminary"),
        ("SR", "preliminary"),
    ]
    assert types(database)[-4:] == ["result.stored"] * 2 + ["result.superseded"] * 2
    data = last_event(database, "result.superseded")["data"]
    assert data["sop_instance_uid"] == data["predecessor_uid"] == first_sr
    assert data["successor_uid"] == database.read(
        results.predecessor, TENANT, analyzed_series_uid=SERIES, analyzer="mock"
    )
    assert len(database.read(results.listing, TENANT).items) == 2
    assert len(database.read(results.listing, TENANT, state="superseded").items) == 2


def test_a_run_that_ends_after_a_later_one_is_superseded_as_it_comes(database: Database) -> None:
    settled_series(database, "mock")
    slow = claim(database)
    settled_series(database, "mock", at=START + 100, number=2)
    fast = claim(database, now=START + 100 + QUIET)
    database.write(results.record, TENANT, produced(fast, run="8"), now=NOW)
    database.write(results.record, TENANT, produced(slow, run="9"), now=NOW)
    assert states(database) == [("SR", "preliminary"), ("SR", "superseded")]


def accept(database: Database, result_id: int, report: VerifiedReport = REPORT) -> dict[str, object]:
    return database.write(results.accept, TENANT, result_id, report, principal="radiologist", comment="ok", now=NOW)


def test_accepting_makes_a_new_result_and_supersedes_the_old(database: Database) -> None:
    _seg, sr = run(database)
    assert database.read(results.acceptable, TENANT, sr)["state"] == "preliminary"
    old = database.read(results.get, TENANT, sr)
    new = accept(database, sr)
    assert (new["state"], new["sop_instance_uid"], new["predecessor_uid"]) == (
        "accepted",
        "1.2.9.1",
        old["sop_instance_uid"],
    )
    assert (new["decided_by"], new["comment"]) == ("radiologist", "ok")
    assert database.read(results.get, TENANT, sr)["state"] == "superseded"
    assert types(database)[-3:] == ["result.stored", "result.accepted", "result.superseded"]
    data = last_event(database, "result.accepted")["data"]
    assert (data["result_id"], data["predecessor_uid"]) == (new["id"], old["sop_instance_uid"])
    (record,) = database.read(audit.listing, TENANT, action="result.accepted").items
    assert (record["principal"], record["study_uid"]) == ("radiologist", STUDY)


def test_a_result_is_accepted_once(database: Database) -> None:
    _seg, sr = run(database)
    accept(database, sr)
    with pytest.raises(Conflict):
        database.read(results.acceptable, TENANT, sr)
    with pytest.raises(Conflict):
        accept(database, sr, VerifiedReport(series_uid="1.3", sop_instance_uid="1.3.1", sop_class_uid=SR_CLASS))


def test_only_a_report_is_accepted(database: Database) -> None:
    seg, _sr = run(database)
    with pytest.raises(Conflict):
        accept(database, seg)


def test_what_a_person_accepted_is_replaced_by_a_person_only(database: Database) -> None:
    _seg, sr = run(database, 1)
    accept(database, sr)
    _seg, newer = run(database, 2)
    assert ("SR", "accepted") in states(database)
    accept(database, newer, VerifiedReport(series_uid="1.3", sop_instance_uid="1.3.1", sop_class_uid=SR_CLASS))
    assert [state for modality, state in states(database) if modality == "SR"] == [*["superseded"] * 3, "accepted"]


def test_rejecting_hides_all_objects_of_the_run(database: Database) -> None:
    _seg, sr = run(database)
    item = database.write(results.reject, TENANT, sr, principal="radiologist", reason="wrong side", now=NOW)
    assert (item["state"], item["comment"]) == ("rejected", "wrong side")
    assert states(database) == [("SEG", "rejected"), ("SR", "rejected")]
    everything = database.read(results.listing, TENANT, state="all").items
    assert database.read(hidden) == {each["sop_instance_uid"] for each in everything}
    assert database.read(results.listing, TENANT).items == []
    assert types(database)[-2:] == ["result.rejected", "result.rejected"]
    assert last_event(database, "result.rejected")["data"]["reason"] == "wrong side"
    with pytest.raises(Conflict):
        database.write(results.reject, TENANT, sr, principal="radiologist", reason="again", now=NOW)


def test_an_accepted_report_may_still_be_rejected_and_takes_its_draft_with_it(database: Database) -> None:
    _seg, sr = run(database)
    new = accept(database, sr)
    database.write(results.reject, TENANT, int(str(new["id"])), principal="chief", reason="no", now=NOW)
    assert states(database) == [("SEG", "rejected"), ("SR", "superseded"), ("SR", "rejected")]
    assert len(database.read(hidden)) == 2


def test_the_result_of_another_tenant_does_not_exist(database: Database) -> None:
    _seg, sr = run(database)
    with pytest.raises(NotFound):
        database.read(results.get, "elsewhere", sr)
    with pytest.raises(NotFound):
        database.write(results.reject, "elsewhere", sr, principal="x", reason="y", now=NOW)
