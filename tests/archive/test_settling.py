"""A series completes when it has been quiet, and not before; late images begin it anew."""

import pytest

from archive import associations, audit, events, jobs, settling, studies
from archive.database import Database
from archive.settling import SeriesSummary
from tests.archive.node_rows import (
    QUIET,
    SERIES,
    START,
    STUDY,
    TENANT,
    arrive,
    last_event,
    settle,
    settled_series,
    take_all,
    types,
)


def collect(database: Database, now: float) -> int:
    return database.write(settling.collect_arrivals, now)


def test_instances_are_announced_with_count_total_and_source(database: Database) -> None:
    for number in range(3):
        database.write(arrive, number)
    assert collect(database, START) == 4
    message = last_event(database, "instance.stored")
    assert message["data"] == {"count": 3, "total": 3, "source": "MODALITY1"}
    assert (message["study_uid"], message["series_uid"]) == (STUDY, SERIES)


def test_nothing_is_done_when_nothing_arrived(database: Database) -> None:
    assert collect(database, START) == 0
    assert settle(database, START + QUIET) == 0
    assert database.read(settling.next_due, now=START, quiet_seconds=QUIET) is None


def test_a_series_is_announced_at_most_four_times_a_second_and_no_instance_is_forgotten(database: Database) -> None:
    ticks = [START + tick * 0.05 for tick in range(20)]
    for number, now in enumerate(ticks):
        database.write(arrive, number, at=now)
        collect(database, now)
    collect(database, ticks[-1] + 0.25)
    messages = [each["data"] for each in database.read(events.since, TENANT, 0, 100)]
    assert len(messages) <= 5
    assert sum(message["count"] for message in messages) == messages[-1]["total"] == 20


def test_a_duplicate_is_no_news(database: Database) -> None:
    settled_series(database, "mock")
    database.write(arrive, 1, at=START + 20, outcome="duplicate")
    assert settle(database, START + 40, "mock") == 0
    assert types(database) == ["instance.stored", "series.complete", "job.pending"]


def test_a_series_completes_after_the_quiet_time(database: Database) -> None:
    database.write(arrive, 1, at=START)
    database.write(arrive, 2, at=START + 5)
    assert settle(database, START + QUIET + 4.9, "mock") == 0
    assert settle(database, START + QUIET + 5, "mock") == 1
    assert types(database) == ["instance.stored", "series.complete", "job.pending"]
    assert last_event(database, "series.complete")["data"] == {"instances": 2, "modality": "CT"}


def test_the_loop_knows_how_long_to_sleep(database: Database) -> None:
    database.write(arrive, 1, at=START)
    assert database.read(settling.next_due, now=START, quiet_seconds=QUIET) == START + 0.25
    assert database.read(settling.next_due, now=START - 60, quiet_seconds=QUIET) == START - 60
    collect(database, START + 1)
    assert database.read(settling.next_due, now=START + 1, quiet_seconds=QUIET) == START + QUIET
    database.write(arrive, 2, at=START + 1.1)
    collect(database, START + 1.1)
    assert database.read(settling.next_due, now=START + 1.1, quiet_seconds=QUIET) == START + 1.25
    collect(database, START + 1.25)
    settle(database, START + QUIET + 1.1)
    assert database.read(settling.next_due, now=START + 20, quiet_seconds=QUIET) is None


def test_an_open_association_holds_the_series_it_stored_into(database: Database) -> None:
    association_id = open_association(database, now=START)
    database.write(arrive, 1, association_id=association_id)
    assert settle(database, START + QUIET, "mock") == 0
    database.write(associations.closed, association_id, now=START + QUIET + 1)
    assert settle(database, START + QUIET + 1, "mock") == 1


def test_an_association_of_a_dead_listener_holds_nothing(database: Database) -> None:
    database.write(arrive, 1, association_id=open_association(database, now=START))
    assert settle(database, START + associations.FRESH_SECONDS + 1, "mock") == 1


def test_an_association_that_stays_open_without_storing_does_not_hold_for_ever(database: Database) -> None:
    database.write(arrive, 1, association_id=open_association(database, now=START))
    database.write(associations.heartbeat, "listener", now=START + 600)
    assert settle(database, START + 601, "mock") == 1


def test_a_series_that_no_analyzer_takes_is_skipped_with_the_reason(database: Database) -> None:
    settled_series(database)
    assert types(database) == ["instance.stored", "series.complete", "job.skipped"]
    assert last_event(database, "job.skipped")["data"] == {"analyzer": "", "attempt": 1, "reason": "nobody is there"}
    (item,) = database.read(jobs.listing, TENANT).items
    assert (item["status"], item["error"]) == ("SKIPPED", "nobody is there")
    assert database.read(studies.status, TENANT, STUDY)["status"] == "SKIPPED"


def test_late_images_make_a_new_generation_with_new_jobs(database: Database) -> None:
    settled_series(database, "mock")
    claimed = database.write(jobs.claim, worker_id="worker", lease_seconds=15, now=START + QUIET)
    assert claimed is not None
    database.write(jobs.complete, claimed.id, claimed.token, now=START + QUIET)
    settled_series(database, "mock", at=START + 100, number=2)
    assert types(database)[-3:] == ["instance.stored", "series.complete", "job.pending"]
    assert [item["generation"] for item in database.read(jobs.listing, TENANT).items] == [2, 1]
    assert database.read(studies.status, TENANT, STUDY)["status"] == "PENDING"


def test_late_images_call_off_a_job_that_nobody_began(database: Database) -> None:
    settled_series(database, "mock")
    settled_series(database, "mock", at=START + 100, number=2)
    assert types(database)[-4:] == ["instance.stored", "series.complete", "job.canceled", "job.pending"]
    assert database.read(studies.status, TENANT, STUDY)["jobs"]["CANCELED"] == 0


def test_the_nodes_own_results_settle_without_jobs(database: Database) -> None:
    settled_series(database, "mock")
    claimed = database.write(jobs.claim, worker_id="worker", lease_seconds=15, now=START + QUIET)
    assert claimed is not None
    database.write(arrive, 1, at=START + 12, uids=(STUDY, "1.2.3.5"), origin="analysis", of_series={"modality": "SR"})
    database.write(jobs.complete, claimed.id, claimed.token, now=START + 12)
    collect(database, START + 13)
    assert database.read(studies.status, TENANT, STUDY)["status"] == "COMPLETE"
    before = types(database)
    assert settle(database, START + 40, "mock") == 1
    assert types(database) == before
    assert before.count("series.complete") == 1
    assert before.count("instance.stored") == 1
    assert len(database.read(jobs.listing, TENANT).items) == 1
    assert database.read(studies.status, TENANT, STUDY)["status"] == "COMPLETE"


def test_routes_are_asked_once_for_each_complete_series(database: Database) -> None:
    seen: list[SeriesSummary] = []
    database.write(arrive, 1)
    database.write(arrive, 2, source="WORKSTATION")
    collect(database, START)
    database.write(
        settling.settle,
        now=START + QUIET,
        quiet_seconds=QUIET,
        select=take_all("mock"),
        on_complete=lambda _connection, summary: seen.append(summary),
    )
    (summary,) = seen
    assert (summary.modality, summary.instance_count, summary.generation) == ("CT", 2, 1)
    assert summary.source_ae_titles == ("MODALITY1", "WORKSTATION")


def test_the_status_is_receiving_until_the_series_is_complete(database: Database) -> None:
    database.write(arrive, 1)
    collect(database, START)
    assert database.read(studies.status, TENANT, STUDY)["status"] == "RECEIVING"
    settle(database, START + QUIET, "mock")
    assert database.read(studies.status, TENANT, STUDY)["status"] == "PENDING"


@pytest.mark.parametrize("outcome", ["stored", "replaced"])
def test_each_sender_and_study_is_on_record(database: Database, outcome: str) -> None:
    for number in range(3):
        database.write(arrive, number, outcome=outcome, association_id=None)
    collect(database, START)
    (record,) = database.read(audit.listing, TENANT).items
    assert record["action"] == {"stored": "instances.stored", "replaced": "instance.replaced"}[outcome]
    assert (record["principal"], record["address"], record["study_uid"]) == ("MODALITY1", "192.0.2.7", STUDY)
    assert record["detail"]["count"] == 3


def test_arrivals_of_a_deleted_study_are_dropped(database: Database) -> None:
    database.write(arrive, 1)
    database.write(studies.delete_study, TENANT, STUDY, principal="admin", now=START)
    assert settle(database, START + QUIET) == 0
    assert types(database) == ["study.deleted"]


def open_association(database: Database, *, now: float) -> int:
    return database.write(
        associations.opened,
        TENANT,
        calling_ae_title="MODALITY1",
        called_ae_title="ISOCENTER",
        address="192.0.2.7",
        listener="listener",
        now=now,
    )
