"""Rows of results: how they are made, found and shown."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select

from archive import events
from archive.errors import NotFound
from archive.event_types import Event, ResultStored
from archive.result_states import ResultState
from archive.tables import result
from archive.times import iso


@dataclass(frozen=True, slots=True, kw_only=True)
class NewResult:
    """An object that an analysis made and that is in the archive.

    Parameters
    ----------
    job_id
        The job that made it.
    study_uid, series_uid
        The study, and the object's own series.
    analyzed_series_uid
        The series it speaks about.
    sop_instance_uid, sop_class_uid, modality
        The object.
    analyzer, version
        What made it.
    predecessor_uid
        SOP Instance UID of the report that it follows (Predecessor Documents Sequence, PS3.3 Section C.17.2).
    """

    job_id: int | None
    study_uid: str
    series_uid: str
    analyzed_series_uid: str
    sop_instance_uid: str
    sop_class_uid: str
    modality: str
    analyzer: str
    version: str
    predecessor_uid: str | None = None


# Called with connection, tenant and result, in the transaction that records the result; writes its deliveries.
DeliverResult = Callable[[Connection, str, NewResult], object]


def add(
    connection: Connection,
    tenant: str,
    new: NewResult,
    *,
    now: float,
    state: ResultState = ResultState.PRELIMINARY,
    deliver: DeliverResult | None = None,
    **values: Any,
) -> RowMapping:
    """Insert the row of a result, announce it, and write its deliveries."""
    fields = {"tenant": tenant, "state": state.value, "created": now, **asdict(new), **values}
    row = connection.execute(insert(result).values(fields).returning(*result.c)).mappings().one()
    announce(connection, row, ResultStored(**names(row)), now=now)
    if deliver is not None:
        deliver(connection, tenant, new)
    return row


def announce(connection: Connection, row: RowMapping, event: Event, *, now: float) -> None:
    """Tell the feed about a result."""
    place = {name: row[name] for name in ("study_uid", "series_uid", "job_id")}
    events.append(connection, row["tenant"], event, now=now, **place)


def names(row: RowMapping) -> dict[str, str]:
    """Return what every event about a result says."""
    return {
        "result_id": str(row["id"]),
        "sop_instance_uid": row["sop_instance_uid"],
        "modality": row["modality"],
        "analyzer": row["analyzer"],
    }


def find(connection: Connection, tenant: str, result_id: int, *, to_change: bool = False) -> RowMapping:
    """Return the row of a result; with `to_change`, nobody else changes it until this transaction ends.

    Raises
    ------
    NotFound
        There is none with this id.
    """
    statement = select(result).where(result.c.tenant == tenant, result.c.id == result_id)
    if to_change:
        events.lock_order(connection)
        statement = statement.with_for_update()
    row = connection.execute(statement).mappings().one_or_none()
    if row is None:
        raise NotFound
    return row


def as_item(row: RowMapping) -> dict[str, Any]:
    """Return a result as the API shows it."""
    shown = ("study_uid", "series_uid", "analyzed_series_uid", "sop_instance_uid", "sop_class_uid", "modality")
    return {
        "id": str(row["id"]),
        "job_id": None if row["job_id"] is None else str(row["job_id"]),
        **{name: row[name] for name in (*shown, "analyzer", "version", "state", "predecessor_uid")},
        "comment": row["comment"] or None,
        "decided_by": row["decided_by"] or None,
        "created": iso(row["created"]),
    }
