"""Claims: which worker has a job, for how long, and what happens when the worker is not heard of any more.

The token of a claim fences: it grows with each claim and every later write repeats it, so that a worker which lost
its lease cannot write over the one that has the job now.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, Select, Update, func, select, update

from archive import events, rollup, workitem_jobs
from archive.event_types import JobAnalyzing, JobCanceled, JobFailed, JobProgress
from archive.job_changes import announce, announce_and_roll_up, change_claimed
from archive.job_states import JobState
from archive.tables import job

_LOST: Final = "the worker was lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedJob:
    """A job in the hands of a worker.

    Parameters
    ----------
    id, token
        The job, and the claim that every later write repeats.
    tenant, study_uid, series_uid, series_id, generation
        What is to be analysed: the series as it was at its `generation`-th completion.
    analyzer, version
        By what.
    attempt
        1 for the first.
    created
        When the job was made, seconds since the epoch; the same for each attempt.
    """

    id: int
    token: int
    tenant: str
    study_uid: str
    series_uid: str
    series_id: int
    generation: int
    analyzer: str
    version: str
    attempt: int
    created: float


def claim(
    connection: Connection,
    *,
    worker_id: str,
    lease_seconds: float,
    now: float,
    analyzers: Collection[str] | None = None,
) -> ClaimedJob | None:
    """Give the job that has waited longest to `worker_id`; None when there is none.

    Parameters
    ----------
    worker_id
        Name of the worker, for people.
    lease_seconds
        How long the claim holds without a heartbeat.
    now
        Seconds since the epoch.
    analyzers
        Names of the analyzers that the worker has; all when left out.
    """
    waiting = _next_waiting(now, analyzers)
    if connection.execute(waiting).first() is None:
        return None
    events.lock_order(connection)
    # Two workers that ask at once get two jobs, not one and a wait (PostgreSQL; SQLite has one writer anyway).
    waiting = waiting.with_for_update(skip_locked=True)
    return _take(connection, waiting, worker_id, lease_seconds, now)


def claim_one(
    connection: Connection, job_id: int, *, worker_id: str, lease_seconds: float, now: float
) -> ClaimedJob | None:
    """Give a certain job to `worker_id`; None when it does not wait any more."""
    events.lock_order(connection)
    which = (job.c.id == job_id, job.c.status == JobState.PENDING.value)
    return _take(connection, select(job.c.id).where(*which).with_for_update(), worker_id, lease_seconds, now)


def _take(
    connection: Connection, waiting: Select[tuple[int]], worker_id: str, lease_seconds: float, now: float
) -> ClaimedJob | None:
    row = connection.execute(_claim(waiting, worker_id, now, now + lease_seconds)).mappings().one_or_none()
    if row is None:
        return None
    event = JobAnalyzing(analyzer=row["analyzer"], attempt=row["attempt"])
    announce_and_roll_up(connection, row, event, now=now)
    return ClaimedJob(**{name: row[name] for name in ClaimedJob.__dataclass_fields__})


def heartbeat(connection: Connection, job_id: int, token: int, *, lease_seconds: float, now: float) -> bool:
    """Prolong the lease; return whether somebody asked to cancel the job.

    Raises
    ------
    Conflict
        The claim is over; the worker must stop.
    """
    row = change_claimed(connection, job_id, token, lease_until=now + lease_seconds)
    return bool(row["cancel_requested"])


def progress(connection: Connection, job_id: int, token: int, percent: int, text: str = "", *, now: float) -> None:
    """Keep and announce how far the attempt is: `percent` from 0 to 100.

    Raises
    ------
    Conflict
        The claim is over.
    """
    percent = max(0, min(100, percent))
    row = change_claimed(connection, job_id, token, progress=percent, progress_text=text)
    event = JobProgress(analyzer=row["analyzer"], attempt=row["attempt"], percent=percent, text=text)
    announce(connection, row, event, now=now)


def release_expired(connection: Connection, *, now: float, attempts: int) -> int:
    """Take the jobs whose leases ran out from their workers: to be repeated, or failed when no attempt is left.

    Returns
    -------
    int
        How many there were.
    """
    expired = _expired(now)
    if connection.execute(expired).first() is None:
        return 0
    events.lock_order(connection)
    rows = connection.execute(expired.with_for_update(skip_locked=True)).mappings().all()
    for row in rows:
        _release(connection, row, now, attempts)
    return len(rows)


def next_due(connection: Connection, analyzers: Collection[str] | None = None) -> float | None:
    """Return when the next job may be claimed or taken from a silent worker, for a loop that sleeps until then.

    Parameters
    ----------
    analyzers
        Names of the analyzers that the worker has; all when left out.
    """
    waiting = select(func.min(job.c.not_before)).where(job.c.status == JobState.PENDING.value)
    if analyzers is not None:
        waiting = waiting.where(job.c.analyzer.in_(sorted(analyzers)))
    leased = select(func.min(job.c.lease_until)).where(job.c.status == JobState.ANALYZING.value)
    times = [connection.execute(statement).scalar_one() for statement in (waiting, leased)]
    return min((time for time in times if time is not None), default=None)


def _next_waiting(now: float, analyzers: Collection[str] | None) -> Select[tuple[int]]:
    statement = select(job.c.id).where(job.c.status == JobState.PENDING.value, job.c.not_before <= now)
    if analyzers is not None:
        statement = statement.where(job.c.analyzer.in_(sorted(analyzers)))
    return statement.order_by(job.c.priority.desc(), job.c.id).limit(1)


def _claim(waiting: Select[tuple[int]], worker_id: str, now: float, lease_until: float) -> Update:
    values: dict[str, Any] = {
        "status": JobState.ANALYZING.value,
        "attempt": job.c.attempt + 1,
        "token": job.c.token + 1,
        "worker": worker_id,
        "lease_until": lease_until,
        "started": now,
        "progress": 0,
        "progress_text": "",
        "cancel_requested": False,
    }
    return update(job).where(job.c.id == waiting.scalar_subquery()).values(values).returning(*job.c)


def _expired(now: float) -> Select[Any]:
    expired = select(job).where(job.c.status == JobState.ANALYZING.value, job.c.lease_until < now)
    return expired.order_by(job.c.id)


def _release(connection: Connection, row: RowMapping, now: float, attempts: int) -> None:
    analyzer, attempt = row["analyzer"], row["attempt"]
    event: JobCanceled | JobFailed
    if row["cancel_requested"]:
        state, event = JobState.CANCELED, JobCanceled(analyzer=analyzer, attempt=attempt, reason="canceled")
    elif attempt >= attempts:
        state, event = JobState.FAILED, JobFailed(analyzer=analyzer, attempt=attempt, reason=_LOST)
    else:
        # No event: to the feed, a repetition begins with the next `job.analyzing`.
        connection.execute(_back_to_pending(row["id"]))
        workitem_jobs.release(connection, row, _LOST, now=now)
        rollup.refresh_status(connection, row["tenant"], row["study_uid"], now=now)
        return
    ended = {"status": state.value, "error": event.reason, "finished": now, "lease_until": None}
    connection.execute(update(job).where(job.c.id == row["id"]).values(ended))
    announce_and_roll_up(connection, row, event, now=now)


def _back_to_pending(job_id: int) -> Update:
    values = {"status": JobState.PENDING.value, "error": _LOST, "lease_until": None, "not_before": 0.0, "progress": 0}
    return update(job).where(job.c.id == job_id).values(values)
