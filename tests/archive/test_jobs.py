"""A job is claimed by one worker at a time, ends once, and survives its worker."""

import threading
from collections.abc import Callable

import pytest

from archive import jobs, results, studies
from archive.claims import ClaimedJob
from archive.database import Database
from archive.errors import Conflict, InvalidQuery, NotFound
from archive.job_states import JobState, StudyState, study_state
from tests.archive.node_rows import (
    QUIET,
    SERIES,
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


@pytest.fixture
def ready(database: Database) -> Database:
    """A database with one pending job of the analyzer `mock`."""
    settled_series(database, "mock")
    return database


def the_job(database: Database) -> dict[str, object]:
    (item,) = database.read(jobs.listing, TENANT).items
    return item


def status_of_study(database: Database) -> str:
    return str(database.read(studies.status, TENANT, STUDY)["status"])


def test_a_job_from_end_to_end(ready: Database) -> None:
    claimed = claim(ready, now=NOW + 1)
    assert (claimed.study_uid, claimed.series_uid, claimed.analyzer, claimed.attempt) == (STUDY, SERIES, "mock", 1)
    assert status_of_study(ready) == "ANALYZING"
    ready.write(jobs.progress, claimed.id, claimed.token, 40, "looking", now=NOW + 2)
    assert the_job(ready)["progress"] == 40
    ready.write(jobs.complete, claimed.id, claimed.token, produced(claimed), now=NOW + 3)
    item = the_job(ready)
    assert (item["status"], item["progress"], item["error"]) == ("COMPLETE", 100, None)
    assert item["created"] < item["started"] < item["finished"]  # type: ignore[operator]  # ISO 8601 sorts as text
    assert status_of_study(ready) == "COMPLETE"
    expected = ["job.pending", "job.analyzing", "job.progress", "result.stored", "job.complete"]
    assert types(ready)[2:] == expected
    assert last_event(ready, "job.progress")["data"] == {
        "analyzer": "mock",
        "attempt": 1,
        "percent": 40,
        "text": "looking",
    }


def test_there_is_nothing_to_claim_when_all_is_claimed(ready: Database) -> None:
    claim(ready)
    assert ready.write(jobs.claim, worker_id="other", lease_seconds=15, now=NOW) is None


def test_a_worker_claims_only_what_it_has_an_analyzer_for(ready: Database) -> None:
    def claim_for(*names: str) -> ClaimedJob | None:
        return ready.write(jobs.claim, worker_id="worker", lease_seconds=15, now=NOW, analyzers=names)

    assert claim_for("other") is None
    assert claim_for("other", "mock") is not None


def test_workers_that_claim_at_once_get_different_jobs(database: Database) -> None:
    settled_series(database, *(f"mock{number}" for number in range(8)))
    got: list[int] = []
    workers = [threading.Thread(target=lambda: got.append(claim(database).id)) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(set(got)) == 8


def test_a_failed_attempt_is_repeated_after_a_pause_and_fails_for_good_at_the_last(ready: Database) -> None:
    now = NOW
    for pause in (5.0, 10.0):
        claimed = claim(ready, now=now)
        state = ready.write(jobs.fail, claimed.id, claimed.token, "no lungs", attempts=3, now=now)
        assert state is JobState.PENDING
        assert ready.read(jobs.next_due) == now + pause
        assert ready.write(jobs.claim, worker_id="worker", lease_seconds=15, now=now + pause - 0.1) is None
        now += pause
    claimed = claim(ready, now=now)
    assert ready.write(jobs.fail, claimed.id, claimed.token, "no lungs", attempts=3, now=now) is JobState.FAILED
    item = the_job(ready)
    assert (item["status"], item["attempt"], item["error"]) == ("FAILED", 3, "no lungs")
    assert types(ready)[2:] == ["job.pending", *["job.analyzing"] * 3, "job.failed"]
    assert last_event(ready, "job.failed")["data"] == {"analyzer": "mock", "attempt": 3, "reason": "no lungs"}
    assert status_of_study(ready) == "FAILED"


def test_a_lost_worker_loses_its_job_to_another(ready: Database) -> None:
    lost = claim(ready, lease_seconds=15)
    assert ready.write(jobs.release_expired, now=NOW + 14, attempts=3) == 0
    assert ready.write(jobs.release_expired, now=NOW + 16, attempts=3) == 1
    assert status_of_study(ready) == "PENDING"
    second = claim(ready, now=NOW + 16)
    assert second.attempt == 2
    with pytest.raises(Conflict):
        ready.write(jobs.complete, lost.id, lost.token, produced(lost), now=NOW + 17)
    ready.write(jobs.complete, second.id, second.token, produced(second), now=NOW + 18)
    assert types(ready).count("job.complete") == types(ready).count("result.stored") == 1


def test_a_job_whose_workers_are_lost_every_time_fails(ready: Database) -> None:
    for attempt in range(3):
        claim(ready, now=NOW + attempt * 20)
        ready.write(jobs.release_expired, now=NOW + attempt * 20 + 16, attempts=3)
    assert (the_job(ready)["status"], the_job(ready)["error"]) == ("FAILED", "the worker was lost")
    assert types(ready).count("job.failed") == 1


def test_a_heartbeat_keeps_the_job(ready: Database) -> None:
    claimed = claim(ready, lease_seconds=15)
    assert ready.write(jobs.heartbeat, claimed.id, claimed.token, lease_seconds=15, now=NOW + 10) is False
    assert ready.write(jobs.release_expired, now=NOW + 20, attempts=3) == 0


def write_complete(database: Database, job_id: int, token: int) -> None:
    database.write(jobs.complete, job_id, token, now=NOW)


def write_fail(database: Database, job_id: int, token: int) -> None:
    database.write(jobs.fail, job_id, token, "", attempts=3, now=NOW)


def write_skip(database: Database, job_id: int, token: int) -> None:
    database.write(jobs.skip, job_id, token, "", now=NOW)


def write_progress(database: Database, job_id: int, token: int) -> None:
    database.write(jobs.progress, job_id, token, 1, now=NOW)


def write_heartbeat(database: Database, job_id: int, token: int) -> None:
    database.write(jobs.heartbeat, job_id, token, lease_seconds=15, now=NOW)


@pytest.mark.parametrize("write", [write_complete, write_fail, write_skip, write_progress, write_heartbeat])
def test_nobody_writes_with_a_stale_token(ready: Database, write: Callable[[Database, int, int], None]) -> None:
    claimed = claim(ready)
    before = types(ready)
    with pytest.raises(Conflict):
        write(ready, claimed.id, claimed.token - 1)
    assert types(ready) == before
    assert the_job(ready)["status"] == "ANALYZING"


def test_an_analyzer_may_find_the_series_unfit(ready: Database) -> None:
    claimed = claim(ready)
    ready.write(jobs.skip, claimed.id, claimed.token, "no lungs in it", now=NOW)
    assert last_event(ready, "job.skipped")["data"] == {"analyzer": "mock", "attempt": 1, "reason": "no lungs in it"}
    assert status_of_study(ready) == "SKIPPED"


def test_a_waiting_job_is_canceled_at_once(ready: Database) -> None:
    item = ready.write(jobs.cancel, TENANT, 1, principal="admin", now=NOW)
    assert (item["status"], item["error"]) == ("CANCELED", "canceled by admin")
    assert types(ready)[-1] == "job.canceled"
    with pytest.raises(Conflict):
        ready.write(jobs.cancel, TENANT, 1, principal="admin", now=NOW)


def test_a_running_job_is_canceled_by_its_worker(ready: Database) -> None:
    claimed = claim(ready)
    item = ready.write(jobs.cancel, TENANT, claimed.id, principal="admin", now=NOW)
    assert item["status"] == "ANALYZING"
    assert ready.write(jobs.heartbeat, claimed.id, claimed.token, lease_seconds=15, now=NOW) is True
    ready.write(jobs.confirm_cancel, claimed.id, claimed.token, now=NOW)
    assert the_job(ready)["status"] == "CANCELED"
    assert types(ready)[-1] == "job.canceled"


def test_a_job_that_should_be_canceled_is_when_its_worker_is_lost(ready: Database) -> None:
    claimed = claim(ready)
    ready.write(jobs.cancel, TENANT, claimed.id, principal="admin", now=NOW)
    ready.write(jobs.release_expired, now=NOW + 16, attempts=3)
    assert the_job(ready)["status"] == "CANCELED"


def test_a_failed_job_runs_again_when_somebody_asks(ready: Database) -> None:
    claimed = claim(ready)
    ready.write(jobs.fail, claimed.id, claimed.token, "no lungs", attempts=1, now=NOW)
    item = ready.write(jobs.retry, TENANT, claimed.id, principal="admin", now=NOW)
    assert (item["status"], item["attempt"], item["error"]) == ("PENDING", 1, None)
    assert claim(ready).attempt == 1
    with pytest.raises(Conflict):
        ready.write(jobs.retry, TENANT, claimed.id, principal="admin", now=NOW)


def test_a_series_without_analyzer_cannot_be_retried(database: Database) -> None:
    settled_series(database)
    with pytest.raises(Conflict):
        database.write(jobs.retry, TENANT, 1, principal="admin", now=NOW)


def test_the_job_of_another_tenant_does_not_exist(ready: Database) -> None:
    with pytest.raises(NotFound):
        ready.read(jobs.get, "elsewhere", 1)
    with pytest.raises(NotFound):
        ready.write(jobs.cancel, "elsewhere", 1, principal="admin", now=NOW)
    assert ready.read(jobs.listing, "elsewhere").items == []
    assert ready.read(jobs.get, TENANT, 1)["analyzer"] == "mock"


def test_a_list_is_read_page_by_page_newest_first(database: Database) -> None:
    settled_series(database, *"abcde")
    first = database.read(jobs.listing, TENANT, limit=2)
    second = database.read(jobs.listing, TENANT, limit=2, cursor=first.next)
    last = database.read(jobs.listing, TENANT, limit=2, cursor=second.next)
    assert [item["analyzer"] for page in (first, second, last) for item in page.items] == list("edcba")
    assert last.next is None


def test_a_list_is_filtered_by_the_names_of_the_fields(database: Database) -> None:
    settled_series(database, "a", "b")
    claim(database)
    assert [item["analyzer"] for item in database.read(jobs.listing, TENANT, status="PENDING").items] == ["b"]
    assert database.read(jobs.listing, TENANT, study_uid="9.9", status=None).items == []
    # The job that waits is before its first attempt: others see the numbers 1 to 3.
    assert len(database.read(jobs.listing, TENANT, attempt="1").items) == 2
    assert database.read(jobs.listing, TENANT, attempt="0").items == []


@pytest.mark.parametrize("number", [str(2**31), str(2**63), str(-(2**63) - 1), "9" * 300])
def test_a_number_that_no_column_holds_is_that_of_nothing(database: Database, number: str) -> None:
    settled_series(database, "a")
    assert database.read(jobs.listing, TENANT, id=number).items == []
    assert database.read(jobs.listing, TENANT, attempt=number).items == []
    assert database.read(jobs.listing, TENANT, progress=number).items == []


@pytest.mark.parametrize(
    "arguments",
    [{"limit": 0}, {"limit": 1001}, {"cursor": "next"}, {"colour": "red"}, {"attempt": "x"}, {"status": "\0"}],
)
def test_an_impossible_list_is_refused(database: Database, arguments: dict[str, object]) -> None:
    with pytest.raises(InvalidQuery):
        database.read(jobs.listing, TENANT, **arguments)  # type: ignore[arg-type]  # wrong on purpose


def test_results_that_were_recorded_are_not_recorded_twice(ready: Database) -> None:
    claimed = claim(ready)
    first = ready.write(results.record, TENANT, produced(claimed), now=NOW)
    assert ready.write(jobs.complete, claimed.id, claimed.token, produced(claimed), now=NOW) == first
    assert types(ready).count("result.stored") == 1


@pytest.mark.parametrize(
    ("counts", "receiving", "expected"),
    [
        ({}, True, "RECEIVING"),
        ({"PENDING": 1}, False, "PENDING"),
        ({"PENDING": 1, "COMPLETE": 1}, False, "ANALYZING"),
        ({"ANALYZING": 1, "FAILED": 1}, True, "ANALYZING"),
        ({"COMPLETE": 1}, True, "RECEIVING"),
        ({"COMPLETE": 2, "SKIPPED": 1}, False, "COMPLETE"),
        ({"COMPLETE": 1, "FAILED": 1}, False, "PARTIAL"),
        ({"COMPLETE": 1, "CANCELED": 1}, False, "PARTIAL"),
        ({"FAILED": 1, "SKIPPED": 1}, False, "FAILED"),
        ({"SKIPPED": 1}, False, "SKIPPED"),
        ({"CANCELED": 1}, False, "SKIPPED"),
    ],
)
def test_the_status_of_a_study_follows_from_its_jobs(counts: dict[str, int], *, receiving: bool, expected: str) -> None:
    found = study_state({JobState(state): count for state, count in counts.items()}, receiving=receiving)
    assert found is StudyState(expected)
