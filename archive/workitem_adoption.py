"""Workitems that others schedule for an analyzer of this node: they become jobs, or join the job that there is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, Select, and_, select, update

from archive import events, jobs
from archive.attribute_lists import text
from archive.event_types import JobAnalyzing, JobComplete
from archive.job_states import REPEATABLE, JobState
from archive.tables import job, series, workitem
from archive.workitem_jobs import follow
from archive.workitem_states import WorkitemState

_PRINCIPAL: Final = "workitem"
_PRIORITIES: Final = {"HIGH": 1, "LOW": -1}
# One transaction makes so many jobs at most.
_BATCH: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a workitem asks for: an analyzer over a series that is here and complete."""

    workitem_id: int
    series_id: int


def waiting(connection: Connection, versions: Mapping[str, str]) -> list[Wanted]:
    """Return the workitems that can become jobs of the analyzers that there are."""
    rows = connection.execute(_waiting(versions)).all()
    return [Wanted(workitem_id=row.workitem_id, series_id=row.series_id) for row in rows]


def adopt(connection: Connection, wanted: Wanted, versions: Mapping[str, str], *, now: float) -> None:
    """Make the job of a workitem, or let the workitem follow the job that there is.

    A job that failed, was skipped or canceled begins anew; one that is complete completes the workitem at once.
    """
    events.lock_order(connection)
    item = _locked(connection, wanted.workitem_id)
    of_series = connection.execute(select(series).where(series.c.id == wanted.series_id)).mappings().one_or_none()
    if item is None or of_series is None:
        return
    known = _job_of(connection, of_series, item["analyzer"])
    if known is None:
        priority = _PRIORITIES.get(text(item["attributes"], "ScheduledProcedureStepPriority"), 0)
        version = versions[item["analyzer"]]
        jobs.create(connection, of_series, item["analyzer"], version, now=now, priority=priority)
    elif known["status"] in REPEATABLE:
        jobs.retry(connection, item["tenant"], known["id"], principal=_PRINCIPAL, now=now)
    else:
        _join(connection, item, known, now)


def _join(connection: Connection, item: RowMapping, known: RowMapping, now: float) -> None:
    connection.execute(update(workitem).where(workitem.c.id == item["id"]).values(job_id=known["id"]))
    about: dict[str, Any] = {"analyzer": known["analyzer"], "attempt": known["attempt"]}
    if known["status"] == JobState.ANALYZING.value:
        follow(connection, known, JobAnalyzing(**about), now=now)
    elif known["status"] == JobState.COMPLETE.value:
        follow(connection, known, JobComplete(**about), now=now)


def _waiting(versions: Mapping[str, str]) -> Select[Any]:
    same = and_(
        series.c.tenant == workitem.c.tenant,
        series.c.study_instance_uid == workitem.c.study_uid,
        series.c.series_instance_uid == workitem.c.series_uid,
        series.c.complete,
    )
    return (
        select(workitem.c.id.label("workitem_id"), series.c.id.label("series_id"))
        .join(series, same)
        .where(workitem.c.state == WorkitemState.SCHEDULED.value, workitem.c.job_id.is_(None))
        .where(workitem.c.analyzer.in_(sorted(versions)))
        .order_by(workitem.c.id)
        .limit(_BATCH)
    )


def _locked(connection: Connection, workitem_id: int) -> RowMapping | None:
    free = (workitem.c.state == WorkitemState.SCHEDULED.value, workitem.c.job_id.is_(None))
    statement = select(workitem).where(workitem.c.id == workitem_id, *free).with_for_update()
    return connection.execute(statement).mappings().one_or_none()


def _job_of(connection: Connection, of_series: RowMapping, analyzer: str) -> RowMapping | None:
    same = (
        job.c.tenant == of_series["tenant"],
        job.c.series_id == of_series["id"],
        job.c.generation == of_series["generation"],
        job.c.analyzer == analyzer,
    )
    return connection.execute(select(job).where(*same).with_for_update()).mappings().one_or_none()
