"""Series that arrive and settle, and jobs over them, for tests of what the node does with them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, insert, select

from archive import events, jobs, settling
from archive.claims import ClaimedJob
from archive.database import Database
from archive.results import NewResult
from archive.settling import Selection, SeriesSummary
from archive.tables import arrival, instance
from tests.archive.index_rows import add_instance

TENANT = "default"
STUDY, SERIES = "1.2.3", "1.2.3.4"
SR_CLASS, SEG_CLASS = "1.2.840.10008.5.1.4.1.1.88.34", "1.2.840.10008.5.1.4.1.1.66.4"
START = 1_000_000.0
QUIET = 10.0


def arrive(
    connection: Connection,
    number: int,
    *,
    at: float = START,
    uids: tuple[str, str] = (STUDY, SERIES),
    outcome: str = "stored",
    origin: str = "dimse",
    source: str = "MODALITY1",
    association_id: int | None = None,
    of_series: dict[str, Any] | None = None,
) -> None:
    """Do what ingest does for one instance: index rows, and the arrival beside them."""
    sop_uid = f"{uids[1]}.{number}"
    known = select(instance.c.id, instance.c.series_id).where(instance.c.sop_instance_uid == sop_uid)
    if connection.execute(known).one_or_none() is None:
        about = {"modality": "CT", "own_result": origin == "analysis", **(of_series or {})}
        add_instance(
            connection, uids=(*uids, sop_uid), of_series=about, source_ae_title=source, received=at, origin=origin
        )
    row = connection.execute(known).one()
    values = {"source": source, "origin": origin, "address": "192.0.2.7", "outcome": outcome}
    ids = {"series_id": row.series_id, "instance_id": row.id, "association_id": association_id}
    connection.execute(insert(arrival).values(tenant=TENANT, received=at, **ids, **values))


def take_all(*analyzers: str) -> Any:
    """Return a selection function by which these analyzers take every series."""

    def select_analyzers(summary: SeriesSummary) -> Selection:
        assert summary.instance_count
        return Selection(analyzers=tuple((name, "1.0") for name in analyzers), reason="nobody is there")

    return select_analyzers


def settle(database: Database, now: float, *analyzers: str) -> int:
    """Collect and settle as the worker does."""
    database.write(settling.collect_arrivals, now)
    return database.write(settling.settle, now=now, quiet_seconds=QUIET, select=take_all(*analyzers))


def settled_series(database: Database, *analyzers: str, at: float = START, number: int = 1) -> None:
    """Let an instance arrive at `at`, and its series become complete after the quiet time."""
    database.write(arrive, number, at=at)
    assert settle(database, at + QUIET, *analyzers) == 1


def claim(database: Database, *, now: float = START + QUIET, lease_seconds: float = 15.0) -> ClaimedJob:
    """Claim a job that must be there."""
    claimed = database.write(jobs.claim, worker_id="worker", lease_seconds=lease_seconds, now=now)
    assert claimed is not None
    return claimed


def produced(job: ClaimedJob, *kinds: tuple[str, str], run: str = "9") -> list[NewResult]:
    """Return results of a job, one for each (modality, SOP class)."""
    return [
        NewResult(
            job_id=job.id,
            study_uid=job.study_uid,
            series_uid=f"{job.series_uid}.{run}.{index}",
            analyzed_series_uid=job.series_uid,
            sop_instance_uid=f"{job.series_uid}.{run}.{index}.1",
            sop_class_uid=sop_class,
            modality=modality,
            analyzer=job.analyzer,
            version=job.version,
        )
        for index, (modality, sop_class) in enumerate(kinds or [("SR", SR_CLASS)])
    ]


def types(database: Database, *, without: Sequence[str] = ()) -> list[str]:
    """Return the types of all events, in order."""
    messages = database.read(events.since, TENANT, 0, 1_000)
    return [message["type"] for message in messages if message["type"] not in without]


def last_event(database: Database, kind: str) -> dict[str, Any]:
    """Return the newest event of a type."""
    messages = database.read(events.since, TENANT, 0, 1_000)
    return [message for message in messages if message["type"] == kind][-1]
