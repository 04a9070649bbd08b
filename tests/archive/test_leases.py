"""Claims of a worker that is no more are ended, all of its own and no others, on SQLite and PostgreSQL."""

from archive import availability, deliveries, jobs, notices
from archive.database import Database
from archive.leases import claims_of, give_back
from archive.notices import Work
from tests.archive.node_rows import QUIET, START, STUDY, TENANT, settled_series

NOW = START + QUIET
UIDS = ["1.2.5.0", "1.2.5.1"]


def claim_each(database: Database, worker: str, now: float) -> list[int]:
    """Claim one piece of work of each kind; gives how many were free."""
    claimed = [
        database.write(jobs.claim, worker_id=worker, lease_seconds=60, now=now),
        database.write(notices.claim, Work.NOTIFY, worker_id=worker, lease_seconds=60, now=now),
        *database.write(
            deliveries.claim_batch, worker_id=worker, destination="PACS1", limit=1, lease_seconds=60, now=now
        ),
    ]
    return [one.attempt for one in claimed if one is not None]


def test_only_the_claims_of_the_dead_are_ended(database: Database) -> None:
    settled_series(database, "one", "two")
    database.write(
        deliveries.enqueue,
        TENANT,
        study_uid=STUDY,
        series_uid="1.2.5",
        sop_instance_uids=UIDS,
        destination="PACS1",
        cause="results",
        now=START,
    )
    for series_uid in UIDS:
        database.write(
            availability.enqueue, TENANT, study_uid=STUDY, series_uid=series_uid, destinations=["PACS1"], now=START
        )
    assert claim_each(database, "host:7:aa", NOW) == [1, 1, 1]
    assert claim_each(database, "host:7:ab", NOW) == [1, 1, 1]
    assert claim_each(database, "host:8:aa", NOW) == []
    claims = database.read(claims_of, "host:7:aa")
    assert database.write(give_back, "host:7:ab", claims) == 0
    assert database.write(give_back, "host:7:aa", claims) == 3
    assert database.read(claims_of, "host:9:aa") == []
    assert database.write(jobs.release_expired, now=NOW + 1, attempts=3) == 1
    assert claim_each(database, "host:8:aa", NOW + 1) == [2, 2, 2]
    assert claim_each(database, "host:8:aa", NOW + 1) == []
