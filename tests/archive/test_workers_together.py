"""Several workers on one node: every series completes once, every job ends once, and nobody waits for ever."""

import threading
from collections import Counter
from collections.abc import Callable
from functools import partial

from archive import events, jobs, settling, studies
from archive.claims import ClaimedJob
from archive.database import Database
from archive.errors import Conflict
from tests.archive.node_rows import QUIET, START, TENANT, arrive, produced, take_all

SERIES_COUNT, IMAGES = 12, 4
NOW = START + QUIET + 1

Work = Callable[[Database], None]


def test_workers_share_the_work_without_doing_any_twice(database: Database) -> None:
    for number in range(SERIES_COUNT):
        for image in range(IMAGES):
            database.write(arrive, image, uids=(f"1.2.{number % 3}", f"1.2.{number % 3}.{number}"))
    run_together(database, _settle, _settle)
    messages = database.read(events.since, TENANT, 0, 1_000)
    counted = Counter(message["type"] for message in messages)
    assert [message["seq"] for message in messages] == sorted(message["seq"] for message in messages)
    for kind in ("series.complete", "job.pending", "job.analyzing", "result.stored", "job.complete"):
        assert counted[kind] == SERIES_COUNT, kind
    stored = [message["data"]["count"] for message in messages if message["type"] == "instance.stored"]
    assert sum(stored) == SERIES_COUNT * IMAGES
    for number in range(3):
        assert database.read(studies.status, TENANT, f"1.2.{number}")["status"] == "COMPLETE"


def test_a_study_may_be_deleted_while_it_is_worked_on(database: Database) -> None:
    for number in range(SERIES_COUNT):
        database.write(arrive, 1, uids=(f"1.2.{number}", f"1.2.{number}.1"))
    run_together(database, _settle, _delete_all)
    assert database.read(studies.listing, TENANT).items == []
    assert database.read(jobs.listing, TENANT).items == []


def run_together(database: Database, *works: Work) -> None:
    """Run `works` in a thread each, beside two workers that analyze until there is nothing left to do."""
    ended = threading.Event()
    failures: list[BaseException] = []
    analyzing = [_start(lambda: _analyze(database, ended), failures) for _ in range(2)]
    for thread in [_start(partial(work, database), failures) for work in works]:
        thread.join(60)
    ended.set()
    for thread in analyzing:
        thread.join(60)
    assert failures == []


def _start(work: Callable[[], None], failures: list[BaseException]) -> threading.Thread:
    def run() -> None:
        try:
            work()
        except BaseException as failure:  # noqa: BLE001 - the test shows whatever a thread ended with
            failures.append(failure)

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def _settle(database: Database) -> None:
    for turn in range(10):
        now = NOW + turn
        database.write(settling.collect_arrivals, now)
        database.write(settling.settle, now=now, quiet_seconds=QUIET, select=take_all("mock"))


def _analyze(database: Database, ended: threading.Event) -> None:
    while True:
        was_ended = ended.is_set()
        claimed = database.write(jobs.claim, worker_id="worker", lease_seconds=60, now=NOW + 100)
        if claimed is not None:
            _work_on(database, claimed)
        elif was_ended:
            return


def _work_on(database: Database, claimed: ClaimedJob) -> None:
    try:
        database.write(jobs.progress, claimed.id, claimed.token, 50, now=NOW)
        database.write(jobs.complete, claimed.id, claimed.token, produced(claimed), now=NOW)
    except Conflict:
        # Its study was deleted.
        return


def _delete_all(database: Database) -> None:
    for number in range(SERIES_COUNT):
        database.write(studies.delete_study, TENANT, f"1.2.{number}", principal="admin", now=NOW)
