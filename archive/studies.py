"""Studies: their status, their list, their end."""

from typing import Any

from sqlalchemy import Connection, select

from archive.errors import NotFound
from archive.job_states import JobState, StudyState
from archive.rollup import job_counts
from archive.study_deletion import delete_study
from archive.tables import study
from archive.worklist import listing

__all__ = ["StudyState", "delete_study", "listing", "status"]


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
