"""Deleting a study: all rows in one transaction; the caller removes the blobs after it."""

from typing import Any

from sqlalchemy import CompoundSelect, Connection, Select, delete, select

from archive import audit, events, obsolete
from archive.errors import NotFound
from archive.event_types import StudyDeleted
from archive.tables import (
    arrival,
    delivery,
    instance,
    job,
    quarantine,
    result,
    series,
    series_association,
    study,
    workitem,
)


def delete_study(connection: Connection, tenant: str, study_uid: str, *, principal: str, now: float) -> list[str]:
    """Delete a study with its series, instances, jobs, results and deliveries.

    A worker that analyses it at the moment finds its claim to be over.

    Returns
    -------
    list of str
        Keys of the blobs, noted in `archive.obsolete`, to be removed after the transaction.

    Raises
    ------
    NotFound
        There is no such study.
    """
    events.lock_order(connection)
    which = (study.c.tenant == tenant, study.c.study_instance_uid == study_uid)
    study_id = connection.execute(select(study.c.id).where(*which).with_for_update()).scalar_one_or_none()
    if study_id is None:
        raise NotFound
    keys = list(connection.execute(_blob_keys(tenant, study_id)).scalars())
    # A crash before the caller removed them must not bring the study back as files without rows.
    obsolete.mark(connection, tenant, keys, now=now)
    instances = _delete_rows(connection, tenant, study_uid, study_id)
    detail = {"instances": instances}
    action = audit.Action.STUDY_DELETED
    audit.append(connection, tenant, action, principal=principal, now=now, study_uid=study_uid, detail=detail)
    events.append(connection, tenant, StudyDeleted(instances=instances), now=now, study_uid=study_uid)
    return keys


def _of_study(study_id: int) -> Select[tuple[int]]:
    return select(series.c.id).where(series.c.study_id == study_id)


def _blob_keys(tenant: str, study_id: int) -> CompoundSelect[Any]:
    instances = instance.c.series_id.in_(_of_study(study_id))
    uids = select(instance.c.sop_instance_uid).where(instances)
    kept_aside = (quarantine.c.tenant == tenant, quarantine.c.sop_instance_uid.in_(uids))
    return select(instance.c.blob_key).where(instances).union_all(select(quarantine.c.blob_key).where(*kept_aside))


def _delete_rows(connection: Connection, tenant: str, study_uid: str, study_id: int) -> int:
    """Delete all that belongs to the study, children first; return how many instances there were."""
    series_ids = _of_study(study_id)
    uids = select(instance.c.sop_instance_uid).where(instance.c.series_id.in_(series_ids))
    connection.execute(delete(quarantine).where(quarantine.c.tenant == tenant, quarantine.c.sop_instance_uid.in_(uids)))
    jobs = select(job.c.id).where(job.c.tenant == tenant, job.c.study_uid == study_uid)
    connection.execute(delete(workitem).where(workitem.c.job_id.in_(jobs)))
    for table in (result, delivery, job):
        connection.execute(delete(table).where(table.c.tenant == tenant, table.c.study_uid == study_uid))
    for table in (arrival, series_association):
        connection.execute(delete(table).where(table.c.series_id.in_(series_ids)))
    instances = connection.execute(delete(instance).where(instance.c.series_id.in_(series_ids))).rowcount
    connection.execute(delete(series).where(series.c.study_id == study_id))
    connection.execute(delete(study).where(study.c.id == study_id))
    return instances
