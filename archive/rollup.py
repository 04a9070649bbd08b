"""A study's status, kept beside it and renewed in the transaction of every change that it follows from."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Select, Update, and_, exists, func, select, update

from archive.job_states import JobState, study_state
from archive.tables import job, series, study


def job_counts(connection: Connection, tenant: str, study_uid: str) -> dict[JobState, int]:
    """Count a study's present jobs by state.

    Jobs of an earlier generation of their series (before late images came) do not count: others took their place.
    """
    rows = connection.execute(_present_jobs(tenant, study_uid)).all()
    return {JobState(status): count for status, count in rows}


def refresh_status(connection: Connection, tenant: str, study_uid: str, *, now: float) -> None:
    """Bring the study's status up to date with its series and jobs."""
    counts = job_counts(connection, tenant, study_uid)
    receiving = bool(connection.execute(_is_receiving(tenant, study_uid)).scalar_one())
    connection.execute(_set_status(tenant, study_uid, counts, receiving=receiving, now=now))


def _present_jobs(tenant: str, study_uid: str) -> Select[Any]:
    present = and_(series.c.id == job.c.series_id, series.c.generation == job.c.generation)
    return (
        select(job.c.status, func.count())
        .join(series, present)
        .where(job.c.tenant == tenant, job.c.study_uid == study_uid)
        .group_by(job.c.status)
    )


def _is_receiving(tenant: str, study_uid: str) -> Select[tuple[bool]]:
    open_series = (
        select(series.c.id)
        .join(study, study.c.id == series.c.study_id)
        .where(
            study.c.tenant == tenant,
            study.c.study_instance_uid == study_uid,
            series.c.complete.is_(False),
            series.c.own_result.is_(False),
            # Not folded by settling yet: it will renew the status itself when it does.
            series.c.last_arrival.is_not(None),
        )
    )
    return select(exists(open_series))


def _set_status(tenant: str, study_uid: str, counts: Mapping[JobState, int], *, receiving: bool, now: float) -> Update:
    status = study_state(counts, receiving=receiving).value
    which = and_(study.c.tenant == tenant, study.c.study_instance_uid == study_uid)
    return update(study).where(which).values(status=status, updated=now)
