"""How a claimed job ends: complete, failed (or to be repeated), skipped, canceled."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection

from archive import results, rollup
from archive.event_types import JobCanceled, JobComplete, JobFailed, JobSkipped
from archive.job_changes import announce_and_roll_up, change_claimed, find_claimed
from archive.job_states import JobState

# Before the second, the third and each later attempt.
RETRY_PAUSES_SECONDS: Final = (5.0, 10.0)

_EVENTS: Final[dict[JobState, type[JobFailed | JobSkipped | JobCanceled]]] = {
    JobState.FAILED: JobFailed,
    JobState.SKIPPED: JobSkipped,
    JobState.CANCELED: JobCanceled,
}


def complete(
    connection: Connection,
    job_id: int,
    token: int,
    produced: Sequence[results.NewResult] = (),
    *,
    now: float,
    deliver: results.DeliverResult | None = None,
) -> list[int]:
    """End a job well, and record what it made in the same transaction: `result.stored` comes before `job.complete`.

    Returns
    -------
    list of int
        The ids of the results.

    Raises
    ------
    Conflict
        The claim is over.
    """
    values = {"status": JobState.COMPLETE.value, "progress": 100, "error": None}
    row = change_claimed(connection, job_id, token, **values, finished=now, lease_until=None)
    ids = results.record(connection, row["tenant"], produced, now=now, deliver=deliver)
    announce_and_roll_up(connection, row, JobComplete(analyzer=row["analyzer"], attempt=row["attempt"]), now=now)
    return ids


def fail(
    connection: Connection,
    job_id: int,
    token: int,
    reason: str,
    *,
    attempts: int,
    now: float,
    pauses_seconds: Sequence[float] = RETRY_PAUSES_SECONDS,
) -> JobState:
    """End an attempt that failed: the job is repeated after a pause, or has failed when that was the last attempt.

    Returns
    -------
    JobState
        PENDING or FAILED.

    Raises
    ------
    Conflict
        The claim is over.
    """
    row = find_claimed(connection, job_id, token)
    if row["attempt"] >= attempts:
        _end(connection, job_id, token, JobState.FAILED, reason=reason, now=now)
        return JobState.FAILED
    pause = pauses_seconds[min(row["attempt"], len(pauses_seconds)) - 1] if pauses_seconds else 0.0
    # No event: to the feed, a repetition begins with the next `job.analyzing`.
    repeated = {"status": JobState.PENDING.value, "error": reason, "progress": 0, "not_before": now + pause}
    change_claimed(connection, job_id, token, **repeated, lease_until=None)
    rollup.refresh_status(connection, row["tenant"], row["study_uid"], now=now)
    return JobState.PENDING


def skip(connection: Connection, job_id: int, token: int, reason: str, *, now: float) -> None:
    """End a job because its analyzer found that the series does not suit it.

    Raises
    ------
    Conflict
        The claim is over.
    """
    _end(connection, job_id, token, JobState.SKIPPED, reason=reason, now=now)


def confirm_cancel(connection: Connection, job_id: int, token: int, *, now: float, reason: str = "canceled") -> None:
    """End a job that somebody asked to cancel, after its analyzer was stopped.

    Raises
    ------
    Conflict
        The claim is over.
    """
    _end(connection, job_id, token, JobState.CANCELED, reason=reason, now=now)


def _end(connection: Connection, job_id: int, token: int, state: JobState, *, reason: str, now: float) -> None:
    values = {"status": state.value, "error": reason, "finished": now, "lease_until": None}
    row = change_claimed(connection, job_id, token, **values)
    event = _EVENTS[state](analyzer=row["analyzer"], attempt=row["attempt"], reason=reason)
    announce_and_roll_up(connection, row, event, now=now)
