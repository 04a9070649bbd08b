"""Jobs: one analyzer over one series. The row is the truth; whatever carries messages only wakes a worker up.

`claims` has what a worker does with a job, `endings` how it ends; this module the rest, and the names of all.
"""

from typing import Any, Final

from sqlalchemy import Connection, RowMapping, case, insert, select, update

from archive import audit, events, workitem_jobs
from archive.attribute_lists import AttributeList, text
from archive.claims import ClaimedJob, claim, claim_one, heartbeat, next_due, progress, release_expired
from archive.endings import complete, confirm_cancel, fail, skip
from archive.errors import Conflict, NotFound
from archive.event_types import JobCanceled, JobPending, JobSkipped
from archive.job_changes import announce, announce_and_roll_up
from archive.job_states import REPEATABLE, JobState
from archive.pages import DEFAULT_LIMIT, Page, equals, fetch_page
from archive.tables import job
from archive.times import iso

__all__ = [
    "ClaimedJob",
    "JobState",
    "cancel",
    "claim",
    "claim_one",
    "complete",
    "confirm_cancel",
    "create",
    "create_skipped",
    "fail",
    "get",
    "heartbeat",
    "listing",
    "next_due",
    "progress",
    "release_expired",
    "retire",
    "retry",
    "skip",
]

_FIRST: Final = 1
_FILTERS: Final = ("id", "study_uid", "series_uid", "analyzer", "version", "status", "progress")


def create(
    connection: Connection, series: RowMapping, analyzer: str, version: str, *, now: float, priority: int = 0
) -> int:
    """Make a job of an analyzer over a series in its present generation, and return its id.

    Parameters
    ----------
    series
        The row of the series.
    analyzer, version
        What shall look at it.
    now
        Seconds since the epoch.
    priority
        Higher is claimed first.
    """
    values = _values(series, analyzer, version, now)
    row = _insert(connection, {**values, "status": JobState.PENDING.value, "priority": priority})
    announce(connection, row, JobPending(analyzer=analyzer, attempt=_FIRST), now=now)
    return int(row["id"])


def create_skipped(connection: Connection, series: RowMapping, reason: str, *, now: float) -> int:
    """Put on record that no analyzer takes a series, and why; return the id of the row."""
    values = _values(series, "", "", now)
    row = _insert(connection, {**values, "status": JobState.SKIPPED.value, "error": reason, "finished": now})
    announce(connection, row, JobSkipped(analyzer="", attempt=_FIRST, reason=reason), now=now)
    return int(row["id"])


def retire(connection: Connection, series: RowMapping, *, now: float) -> None:
    """Cancel the jobs over earlier generations of a series that nobody has begun."""
    reason = "late images made a newer job"
    older = (job.c.series_id == series["id"], job.c.generation < series["generation"])
    values = {"status": JobState.CANCELED.value, "error": reason, "finished": now}
    statement = update(job).where(*older, job.c.status == JobState.PENDING.value).values(values)
    for row in connection.execute(statement.returning(*job.c)).mappings().all():
        event = JobCanceled(analyzer=row["analyzer"], attempt=_shown(row["attempt"]), reason=reason)
        announce(connection, row, event, now=now)


def cancel(
    connection: Connection,
    tenant: str,
    job_id: int,
    *,
    principal: str,
    now: float,
    said: AttributeList | None = None,
) -> dict[str, Any]:
    """Call a job off: at once while it waits; its worker is told with the next heartbeat when it is analysed.

    `said` is what a request to cancel its workitem says: why, and who may be asked (PS3.4 Table CC.2.2-1).

    Raises
    ------
    NotFound
        There is no such job.
    Conflict
        It has ended.
    """
    row = _find(connection, tenant, job_id, to_change=True)
    if row["status"] == JobState.PENDING.value:
        reason = ": ".join(filter(None, (f"canceled by {principal}", text(said or {}, "ReasonForCancellation"))))
        row = _change(connection, job_id, status=JobState.CANCELED.value, error=reason, finished=now)
        event = JobCanceled(analyzer=row["analyzer"], attempt=_shown(row["attempt"]), reason=reason)
        announce_and_roll_up(connection, row, event, now=now)
    elif row["status"] == JobState.ANALYZING.value:
        row = _change(connection, job_id, cancel_requested=True)
        workitem_jobs.ask_to_cancel(connection, row, said or {}, requesting_ae=principal, now=now)
    else:
        raise Conflict(f"The job is {row['status']}.")
    _write_audit(connection, row, audit.Action.JOB_CANCELED, principal, now)
    return _item(row)


def retry(connection: Connection, tenant: str, job_id: int, *, principal: str, now: float) -> dict[str, Any]:
    """Let a job that failed, was skipped or canceled run again, with all its attempts.

    Raises
    ------
    NotFound
        There is no such job.
    Conflict
        It has not ended, ended well, or has no analyzer.
    """
    row = _find(connection, tenant, job_id, to_change=True)
    if row["status"] not in REPEATABLE:
        raise Conflict(f"The job is {row['status']}.")
    if not row["analyzer"]:
        raise Conflict("No analyzer takes this series.")
    row = _change(connection, job_id, status=JobState.PENDING.value, attempt=0, **_UNTOUCHED)
    announce_and_roll_up(connection, row, JobPending(analyzer=row["analyzer"], attempt=_FIRST), now=now)
    _write_audit(connection, row, audit.Action.JOB_RETRIED, principal, now)
    return _item(row)


def get(connection: Connection, tenant: str, job_id: int) -> dict[str, Any]:
    """Return one job.

    Raises
    ------
    NotFound
        There is no such job.
    """
    return _item(_find(connection, tenant, job_id))


def listing(
    connection: Connection,
    /,
    tenant: str,
    *,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
    **filters: str | None,
) -> Page:
    """List jobs, filtered by the names of their fields."""
    attempt = case((job.c.attempt < _FIRST, _FIRST), else_=job.c.attempt)
    columns = {**{name: job.c[name] for name in _FILTERS}, "attempt": attempt}
    statement = select(job).where(job.c.tenant == tenant, *equals(columns, filters))
    return fetch_page(connection, statement, job.c.id, _item, limit=limit, cursor=cursor)


_UNTOUCHED: Final[dict[str, Any]] = {
    "progress": 0,
    "progress_text": "",
    "error": None,
    "not_before": 0.0,
    "cancel_requested": False,
    "started": None,
    "finished": None,
}


def _values(series: RowMapping, analyzer: str, version: str, now: float) -> dict[str, Any]:
    return {
        "tenant": series["tenant"],
        "study_uid": series["study_instance_uid"],
        "series_uid": series["series_instance_uid"],
        "series_id": series["id"],
        "generation": series["generation"],
        "analyzer": analyzer,
        "version": version,
        "created": now,
    }


def _insert(connection: Connection, values: dict[str, Any]) -> RowMapping:
    return connection.execute(insert(job).values(values).returning(*job.c)).mappings().one()


def _find(connection: Connection, tenant: str, job_id: int, *, to_change: bool = False) -> RowMapping:
    statement = select(job).where(job.c.tenant == tenant, job.c.id == job_id)
    if to_change:
        events.lock_order(connection)
        statement = statement.with_for_update()
    row = connection.execute(statement).mappings().one_or_none()
    if row is None:
        raise NotFound
    return row


def _change(connection: Connection, job_id: int, **values: Any) -> RowMapping:
    statement = update(job).where(job.c.id == job_id).values(values).returning(*job.c)
    return connection.execute(statement).mappings().one()


def _write_audit(connection: Connection, row: RowMapping, action: audit.Action, principal: str, now: float) -> None:
    detail = {"job_id": str(row["id"]), "analyzer": row["analyzer"]}
    audit.append(
        connection, row["tenant"], action, principal=principal, now=now, study_uid=row["study_uid"], detail=detail
    )


def _shown(attempt: int) -> int:
    """Count a job that nobody has claimed yet as before its first attempt: others see numbers from 1."""
    return max(_FIRST, attempt)


def _item(row: RowMapping) -> dict[str, Any]:
    shown = ("study_uid", "series_uid", "analyzer", "version", "status", "progress", "progress_text")
    return {
        "id": str(row["id"]),
        "attempt": _shown(row["attempt"]),
        **{name: row[name] for name in (*shown, "error", "generation", "priority", "cancel_requested")},
        "created": iso(row["created"]),
        "started": iso(row["started"]),
        "finished": iso(row["finished"]),
    }
