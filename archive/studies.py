"""Studies: their status, their list, their number, their end."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, func, select

from archive.errors import NotFound
from archive.job_states import JobState, StudyState
from archive.rollup import job_counts
from archive.study_deletion import delete_study
from archive.tables import association, delivery, instance, job, result, series, study
from archive.worklist import listing

__all__ = ["StudyState", "delete_study", "listing", "statistics", "status"]


def status(connection: Connection, tenant: str, study_uid: str) -> dict[str, Any]:
    """Return the status of a study and how many of its jobs are in each state.

    Raises
    ------
    NotFound
        There is no such study.
    """
    which = (study.c.tenant == tenant, study.c.study_instance_uid == study_uid)
    found = connection.execute(select(study.c.status).where(*which)).scalar_one_or_none()
    if found is None:
        raise NotFound
    counts = job_counts(connection, tenant, study_uid)
    return {
        "study_uid": study_uid,
        "status": found,
        "jobs": {state.value: counts.get(state, 0) for state in JobState},
    }


def statistics(connection: Connection, tenant: str) -> dict[str, Any]:
    """Return how much there is of everything."""
    size = select(func.coalesce(func.sum(instance.c.size), 0)).where(instance.c.tenant == tenant)
    return {
        "studies": _count(connection, study, tenant),
        "series": _count(connection, series, tenant),
        "instances": _count(connection, instance, tenant),
        "bytes": int(connection.execute(size).scalar_one()),
        "studies_by_status": _count_by(connection, study, study.c.status, tenant),
        "jobs": _count_by(connection, job, job.c.status, tenant),
        "results": _count_by(connection, result, result.c.state, tenant),
        "deliveries": _count_by(connection, delivery, delivery.c.status, tenant),
        "associations": _count_by(connection, association, association.c.state, tenant),
    }


def _count(connection: Connection, table: Table, tenant: str) -> int:
    return connection.execute(select(func.count()).select_from(table).where(table.c.tenant == tenant)).scalar_one()


def _count_by(connection: Connection, table: Table, column: ColumnElement[str], tenant: str) -> dict[str, int]:
    statement = select(column, func.count()).where(table.c.tenant == tenant).group_by(column)
    return dict(connection.execute(statement).tuples().all())
