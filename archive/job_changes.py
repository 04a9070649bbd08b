"""Changes of a claimed job: allowed only with the token of the claim, told to the feed, rolled up to the study.

Each change that is told takes the job's workitems along (PS3.4 Annex CC).
"""

from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Update, and_, select, update

from archive import events, rollup, workitem_jobs
from archive.errors import Conflict
from archive.event_types import Event
from archive.job_states import JobState
from archive.tables import job


def find_claimed(connection: Connection, job_id: int, token: int) -> RowMapping:
    """Return the row of a claimed job, which nobody else changes until this transaction ends.

    Raises
    ------
    Conflict
        The claim is over.
    """
    events.lock_order(connection)
    statement = select(job).where(_holds(job_id, token)).with_for_update()
    return _require(connection.execute(statement).mappings().one_or_none())


def change_claimed(connection: Connection, job_id: int, token: int, **values: Any) -> RowMapping:
    """Change a claimed job and return its row.

    Raises
    ------
    Conflict
        The claim is over: the lease ran out and the job went to somebody else, or it was ended.
    """
    events.lock_order(connection)
    return _require(connection.execute(_change(job_id, token, values)).mappings().one_or_none())


def announce(connection: Connection, row: RowMapping, event: Event, *, now: float) -> None:
    """Tell the feed about a job, and those who watch its workitems."""
    workitem_jobs.follow(connection, row, event, now=now)
    events.append(
        connection,
        row["tenant"],
        event,
        now=now,
        study_uid=row["study_uid"],
        series_uid=row["series_uid"],
        job_id=row["id"],
    )


def announce_and_roll_up(connection: Connection, row: RowMapping, event: Event, *, now: float) -> None:
    """Tell the feed about a job, and renew its study's status."""
    announce(connection, row, event, now=now)
    rollup.refresh_status(connection, row["tenant"], row["study_uid"], now=now)


def _holds(job_id: int, token: int) -> ColumnElement[bool]:
    """Return the condition that the job is being analysed under the claim that `token` stands for."""
    return and_(job.c.id == job_id, job.c.token == token, job.c.status == JobState.ANALYZING.value)


def _require(row: RowMapping | None) -> RowMapping:
    if row is None:
        raise Conflict("This claim of the job is over.")
    return row


def _change(job_id: int, token: int, values: dict[str, Any]) -> Update:
    return update(job).where(_holds(job_id, token)).values(values).returning(*job.c)
