"""How much there is of everything: for the page, and for a monitoring system."""

from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Connection, Table, func, or_, select, true

from archive.associations import AssociationState, is_alive
from archive.tables import association, delivery, instance, job, result, series, study

_COUNTED: Final = {"studies": study, "series": series, "instances": instance}
_GROUPED: Final[dict[str, Column[Any]]] = {
    "studies_by_status": study.c.status,
    "jobs": job.c.status,
    "results": result.c.state,
    "deliveries": delivery.c.status,
}


def node(connection: Connection, *, now: float, tenant: str | None = None) -> dict[str, Any]:
    """Return how many objects there are, and how many studies, jobs and so on are in each state.

    Parameters
    ----------
    now
        Seconds since the epoch: associations whose listener is silent do not count as open.
    tenant
        Whose; of all tenants when left out.
    """
    patients = select(func.count(func.distinct(study.c.patient_key))).where(_of(study, tenant))
    size = select(func.coalesce(func.sum(instance.c.size), 0)).where(_of(instance, tenant))
    listened = or_(association.c.state != AssociationState.OPEN.value, is_alive(now))
    return {
        "patients": connection.execute(patients).scalar_one(),
        **{name: _count(connection, table, tenant) for name, table in _COUNTED.items()},
        "bytes": int(connection.execute(size).scalar_one()),
        **{name: _count_by(connection, column, _of(column.table, tenant)) for name, column in _GROUPED.items()},
        "associations": _count_by(connection, association.c.state, _of(association, tenant) & listened),
    }


def _of(table: Any, tenant: str | None) -> ColumnElement[bool]:
    return true() if tenant is None else table.c.tenant == tenant


def _count(connection: Connection, table: Table, tenant: str | None) -> int:
    return connection.execute(select(func.count()).select_from(table).where(_of(table, tenant))).scalar_one()


def _count_by(connection: Connection, column: Column[Any], condition: ColumnElement[bool]) -> dict[str, int]:
    statement = select(column, func.count()).where(condition).group_by(column)
    return {row[0]: row[1] for row in connection.execute(statement)}
