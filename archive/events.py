"""The event log: what the status feed tells, kept in the database in the transaction of what happened."""

from dataclasses import asdict
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, Select, func, insert, select, text

from archive.event_types import Event
from archive.tables import event as events
from archive.times import iso

__all__ = ["Event", "append", "last_seq", "lock_order", "since"]

# Any number does that nothing else locks in the same PostgreSQL database.
_ORDER_LOCK: Final = 0x150CE117E3


def lock_order(connection: Connection) -> None:
    """Make the rest of this transaction the only one that writes events.

    `seq` must grow in the order of commits: a reader that has seen 7 never looks for 6 again. SQLite has one writer
    anyway. A transaction that will write events calls this before it locks rows which others lock too; everybody
    keeps that order, so that no two wait for each other.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ORDER_LOCK})


def append(
    connection: Connection,
    tenant: str,
    event: Event,
    *,
    now: float,
    study_uid: str | None = None,
    series_uid: str | None = None,
    job_id: int | None = None,
) -> int:
    """Write `event` to the log.

    Returns
    -------
    int
        Its `seq`.
    """
    lock_order(connection)
    values = {
        "tenant": tenant,
        "time": now,
        "type": event.type,
        "study_uid": study_uid,
        "series_uid": series_uid,
        "job_id": job_id,
        "data": asdict(event),
    }
    return int(connection.execute(insert(events).values(values).returning(events.c.seq)).scalar_one())


def since(connection: Connection, tenant: str | None, seq: int, limit: int) -> list[dict[str, Any]]:
    """Return the messages after `seq`, oldest first, at most `limit`; `tenant` None means all tenants."""
    return [_message(row) for row in connection.execute(_after(tenant, seq, limit)).mappings()]


def last_seq(connection: Connection, tenant: str | None = None) -> int:
    """Return the newest `seq`; 0 when nothing ever happened."""
    statement = select(func.max(events.c.seq))
    if tenant is not None:
        statement = statement.where(events.c.tenant == tenant)
    return connection.execute(statement).scalar_one() or 0


def _after(tenant: str | None, seq: int, limit: int) -> Select[Any]:
    statement = select(events).where(events.c.seq > seq).order_by(events.c.seq).limit(limit)
    return statement if tenant is None else statement.where(events.c.tenant == tenant)


def _message(row: RowMapping) -> dict[str, Any]:
    return {
        "seq": row["seq"],
        "time": iso(row["time"]),
        "type": row["type"],
        "tenant": row["tenant"],
        "study_uid": row["study_uid"],
        "series_uid": row["series_uid"],
        "job_id": None if row["job_id"] is None else str(row["job_id"]),
        "data": row["data"],
    }
