"""Associations: open, closed, aborted and rejected ones, as the administrator sees them."""

from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, and_, insert, select, update

from archive import events
from archive.event_types import AssociationRejected
from archive.pages import columns_of, listing_of
from archive.tables import association
from archive.times import iso

# A listener says so often that its associations are open; one that has not for this long is dead.
FRESH_SECONDS: Final = 30.0
# A peer that knocks without pause gets one row, and one event, in this time.
_COALESCE_SECONDS: Final = 1.0
_LONGEST_TEXT: Final = 128
_FILTERS: Final = ("state", "calling_ae_title", "called_ae_title", "address")


class AssociationState(StrEnum):
    """What became of an association."""

    OPEN = "open"
    CLOSED = "closed"
    REJECTED = "rejected"
    ABORTED = "aborted"


def opened(
    connection: Connection,
    tenant: str,
    *,
    calling_ae_title: str,
    called_ae_title: str,
    address: str,
    listener: str,
    now: float,
) -> int:
    """Record an accepted association and return its id; `listener` names the process that holds it."""
    values = _values(tenant, AssociationState.OPEN, calling_ae_title, called_ae_title, address=address, now=now)
    statement = insert(association).values(**values, listener=listener).returning(association.c.id)
    return int(connection.execute(statement).scalar_one())


def heartbeat(connection: Connection, listener: str, *, now: float) -> None:
    """Say that `listener` lives, and with it its open associations."""
    connection.execute(update(association).where(_open_of(listener)).values(last_seen=now))


def closed(connection: Connection, association_id: int, *, now: float) -> None:
    """Record that the peer released the association."""
    _end(connection, association.c.id == association_id, AssociationState.CLOSED, "", now)


def aborted(connection: Connection, association_id: int, reason: str, *, now: float) -> None:
    """Record that the association ended without a release."""
    _end(connection, association.c.id == association_id, AssociationState.ABORTED, reason, now)


def rejected(
    connection: Connection,
    tenant: str,
    *,
    calling_ae_title: str,
    called_ae_title: str,
    address: str,
    reason: str,
    now: float,
) -> int:
    """Record a refused association and tell the feed; `reason` is as in "1/1/3 calling AE title not recognized".

    The same refusal again within a second counts on the row that is there, so that a peer which knocks without
    pause fills neither the table nor the feed.
    """
    values = _values(tenant, AssociationState.REJECTED, calling_ae_title, called_ae_title, address=address, now=now)
    values["reason"] = printable(reason)
    same: int | None = connection.execute(_just_rejected(values)).scalar_one_or_none()
    if same is not None:
        repeated = update(association).where(association.c.id == same)
        connection.execute(repeated.values(count=association.c["count"] + 1, last_seen=now))
        return same
    row_id = int(connection.execute(insert(association).values(values).returning(association.c.id)).scalar_one())
    event = AssociationRejected(**{name: values[name] for name in (*_FILTERS[1:], "reason")})
    events.append(connection, tenant, event, now=now)
    return row_id


def sweep_dead(connection: Connection, *, now: float, listener: str | None = None) -> int:
    """End the open rows that nobody holds any more.

    Parameters
    ----------
    now
        Seconds since the epoch.
    listener
        A process that is known to have ended; without one, all whose processes have been silent for 30 s.

    Returns
    -------
    int
        How many were open.
    """
    dead = _open_of(listener) if listener is not None else and_(_is_open(), ~is_alive(now))
    return _end(connection, dead, AssociationState.ABORTED, "the listener process ended", now)


def open_listeners(connection: Connection) -> list[str]:
    """Return the processes that hold open associations, alive or not."""
    statement = select(association.c.listener).where(_is_open()).distinct().order_by(association.c.listener)
    return list(connection.execute(statement).scalars())


def is_alive(now: float) -> ColumnElement[bool]:
    """Return the condition that an association is open and its listener was heard of lately."""
    return and_(_is_open(), association.c.last_seen >= now - FRESH_SECONDS)


def printable(text: str) -> str:
    """Return what a peer sent as text that a database keeps and a page may show: control characters escaped."""
    escaped = "".join(character if character.isprintable() else f"\\x{ord(character):02x}" for character in text)
    return escaped[:_LONGEST_TEXT]


def _is_open() -> ColumnElement[bool]:
    return association.c.state == AssociationState.OPEN.value


def _open_of(listener: str) -> ColumnElement[bool]:
    return and_(_is_open(), association.c.listener == listener)


def _values(
    tenant: str, state: AssociationState, calling_ae_title: str, called_ae_title: str, *, address: str, now: float
) -> dict[str, Any]:
    return {
        "tenant": tenant,
        "state": state.value,
        "calling_ae_title": printable(calling_ae_title),
        "called_ae_title": printable(called_ae_title),
        "address": address,
        "time": now,
        "last_seen": now,
    }


def _end(connection: Connection, which: ColumnElement[bool], state: AssociationState, reason: str, now: float) -> int:
    statement = update(association).where(which, _is_open())
    values = {"state": state.value, "reason": printable(reason), "ended": now, "last_seen": now}
    return connection.execute(statement.values(values)).rowcount


def _just_rejected(values: dict[str, Any]) -> Select[Any]:
    same = [association.c[name] == values[name] for name in (*_FILTERS, "reason", "tenant")]
    recent = association.c.time > values["time"] - _COALESCE_SECONDS
    return select(association.c.id).where(*same, recent).order_by(association.c.id.desc()).limit(1)


def _item(row: RowMapping) -> dict[str, Any]:
    return {
        "id": str(row["id"]),
        "time": iso(row["time"]),
        "state": row["state"],
        "calling_ae_title": row["calling_ae_title"],
        "called_ae_title": row["called_ae_title"],
        "address": row["address"],
        "reason": row["reason"] or None,
        "count": row["count"],
        "ended": iso(row["ended"]),
    }


listing: Final = listing_of(association, columns_of(association, *_FILTERS), _item)
"""Lists rows of a tenant, newest first, filtered by the names of their fields."""
