"""Deleting a series, or one instance of it: all rows in one transaction; the caller removes the blobs after it."""

from sqlalchemy import ColumnElement, Connection, RowMapping, delete, func, select, update

from archive import audit, events, obsolete
from archive.arrivals import STORED
from archive.errors import NotFound
from archive.study_deletion import delete_study
from archive.tables import arrival, delivery, instance, job, quarantine, result, series, series_association, workitem


def delete_part(
    connection: Connection,
    tenant: str,
    study_uid: str,
    series_uid: str,
    sop_uid: str | None = None,
    *,
    principal: str,
    now: float,
) -> None:
    """Delete a series, or one instance of it. The last of a series takes the series with it, the last series the study.

    Parameters
    ----------
    sop_uid
        The instance; none for all of the series.
    principal
        Who does it, for the audit.

    Raises
    ------
    NotFound
        There is no such series or instance.
    """
    events.lock_order(connection)
    found = _series(connection, tenant, study_uid, series_uid)
    of_series = instance.c.series_id == found["id"]
    which = of_series if sop_uid is None else of_series & (instance.c.sop_instance_uid == sop_uid)
    count, of_all = _count(connection, which), _count(connection, of_series)
    if not count:
        raise NotFound
    if count == _count(connection, _of_study(tenant, study_uid)):
        delete_study(connection, tenant, study_uid, principal=principal, now=now)
        return
    uncounted = _delete_instances(connection, tenant, which, now=now)
    if count == of_all:
        _delete_series(connection, tenant, found["id"])
    else:
        left = max(0, found["instance_count"] - (count - uncounted))
        announced = min(found["announced_count"], left)
        values = {"instance_count": left, "announced_count": announced}
        connection.execute(update(series).where(series.c.id == found["id"]).values(values))
    audit.append(
        connection,
        tenant,
        audit.Action.INSTANCES_DELETED,
        principal=principal,
        now=now,
        study_uid=study_uid,
        detail={"series_uid": series_uid, "instances": count} | ({"sop_instance_uid": sop_uid} if sop_uid else {}),
    )


def _series(connection: Connection, tenant: str, study_uid: str, series_uid: str) -> RowMapping:
    which = (
        series.c.tenant == tenant,
        series.c.study_instance_uid == study_uid,
        series.c.series_instance_uid == series_uid,
    )
    columns = select(series.c.id, series.c.instance_count, series.c.announced_count)
    found = connection.execute(columns.where(*which).with_for_update()).mappings().one_or_none()
    if found is None:
        raise NotFound
    return found


def _of_study(tenant: str, study_uid: str) -> ColumnElement[bool]:
    ids = select(series.c.id).where(series.c.tenant == tenant, series.c.study_instance_uid == study_uid)
    return instance.c.series_id.in_(ids)


def _count(connection: Connection, which: ColumnElement[bool]) -> int:
    return connection.execute(select(func.count()).select_from(instance).where(which)).scalar_one()


def _delete_instances(connection: Connection, tenant: str, which: ColumnElement[bool], *, now: float) -> int:
    """Delete instances with what belongs to them; return how many of them settling has not counted yet."""
    ids, uids = select(instance.c.id).where(which), select(instance.c.sop_instance_uid).where(which)
    kept_aside = (quarantine.c.tenant == tenant, quarantine.c.sop_instance_uid.in_(uids))
    keys = select(instance.c.blob_key).where(which).union_all(select(quarantine.c.blob_key).where(*kept_aside))
    # A crash before the caller removed them must not bring them back as files without rows.
    obsolete.mark(connection, tenant, list(connection.execute(keys).scalars()), now=now)
    connection.execute(delete(quarantine).where(*kept_aside))
    for table in (result, delivery):
        connection.execute(delete(table).where(table.c.tenant == tenant, table.c.sop_instance_uid.in_(uids)))
    new = (arrival.c.instance_id.in_(ids), arrival.c.outcome == STORED)
    uncounted = connection.execute(select(func.count()).select_from(arrival).where(*new)).scalar_one()
    connection.execute(delete(arrival).where(arrival.c.instance_id.in_(ids)))
    connection.execute(delete(instance).where(which))
    return uncounted


def _delete_series(connection: Connection, tenant: str, series_id: int) -> None:
    jobs = select(job.c.id).where(job.c.tenant == tenant, job.c.series_id == series_id)
    connection.execute(delete(workitem).where(workitem.c.job_id.in_(jobs)))
    connection.execute(delete(job).where(job.c.tenant == tenant, job.c.series_id == series_id))
    for table in (arrival, series_association):
        connection.execute(delete(table).where(table.c.series_id == series_id))
    connection.execute(delete(series).where(series.c.id == series_id))
