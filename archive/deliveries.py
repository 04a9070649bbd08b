"""Deliveries: objects that are to reach a remote AE, kept until they did or nobody tries any more."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, Select, Update, and_, select, update

from archive import audit
from archive.delivery_work import (
    ATTEMPTS,
    ClaimedDelivery,
    DeliveryState,
    claim_batch,
    destinations_due,
    heartbeat,
    mark_confirmed,
    mark_failed,
    mark_sent,
    next_due,
    release_expired,
    unconfirmed,
)
from archive.errors import Conflict, NotFound
from archive.inserting import insert_missing
from archive.leases import back_off_seconds
from archive.pages import columns_of, listing_of
from archive.tables import delivery
from archive.times import iso

__all__ = [
    "ATTEMPTS",
    "ClaimedDelivery",
    "DeliveryState",
    "back_off_seconds",
    "claim_batch",
    "destinations_due",
    "enqueue",
    "get",
    "heartbeat",
    "listing",
    "mark_confirmed",
    "mark_failed",
    "mark_sent",
    "next_due",
    "release_expired",
    "retry",
    "unconfirmed",
]

_FILTERS: Final = ("id", "study_uid", "series_uid", "sop_instance_uid", "destination", "status", "cause", "attempt")


def enqueue(
    connection: Connection,
    tenant: str,
    *,
    study_uid: str,
    series_uid: str,
    sop_instance_uids: Sequence[str],
    destination: str,
    cause: str,
    now: float,
    again: bool = False,
) -> int:
    """Queue objects for a destination; each object goes to a destination once, whoever asks for it.

    Parameters
    ----------
    study_uid, series_uid, sop_instance_uids
        Objects of one series.
    destination
        Name of a remote AE.
    cause
        Why: `return`, `results`, a route's name, `manual`.
    now
        Seconds since the epoch.
    again
        Send objects too that were sent before.

    Returns
    -------
    int
        How many are queued by this.
    """
    place = {"tenant": tenant, "study_uid": study_uid, "series_uid": series_uid, "destination": destination}
    state = {"cause": cause, "status": DeliveryState.QUEUED.value, "next_attempt": now, "created": now}
    rows = [{**place, **state, "sop_instance_uid": uid} for uid in sop_instance_uids]
    repeated = 0
    if again:
        ended = delivery.c.status != DeliveryState.QUEUED.value
        known = and_(_is_to(tenant, destination), delivery.c.sop_instance_uid.in_(sop_instance_uids))
        repeated = connection.execute(_requeue(and_(known, ended), now)).rowcount
    return repeated + insert_missing(connection, delivery, rows)


def retry(connection: Connection, tenant: str, delivery_id: int, *, principal: str, now: float) -> dict[str, Any]:
    """Try a delivery again at once, with all its attempts.

    Raises
    ------
    NotFound
        There is no such delivery.
    Conflict
        The destination has the object.
    """
    row = connection.execute(_by_id(tenant, delivery_id).with_for_update()).mappings().one_or_none()
    if row is None:
        raise NotFound
    if row["status"] == DeliveryState.CONFIRMED.value:
        raise Conflict("The destination has the object.")
    if row["lease_until"] is not None and row["lease_until"] > now:
        raise Conflict("The object is being sent.")
    connection.execute(_requeue(delivery.c.id == delivery_id, now))
    detail = {"delivery_id": str(delivery_id), "destination": row["destination"]}
    action = audit.Action.DELIVERY_RETRIED
    audit.append(connection, tenant, action, principal=principal, now=now, study_uid=row["study_uid"], detail=detail)
    return get(connection, tenant, delivery_id)


def get(connection: Connection, tenant: str, delivery_id: int) -> dict[str, Any]:
    """Return one delivery.

    Raises
    ------
    NotFound
        There is no such delivery.
    """
    row = connection.execute(_by_id(tenant, delivery_id)).mappings().one_or_none()
    if row is None:
        raise NotFound
    return _item(row)


def _by_id(tenant: str, delivery_id: int) -> Select[Any]:
    return select(delivery).where(delivery.c.tenant == tenant, delivery.c.id == delivery_id)


def _is_to(tenant: str, destination: str) -> Any:
    return and_(delivery.c.tenant == tenant, delivery.c.destination == destination)


def _requeue(which: Any, now: float) -> Update:
    values = {
        "status": DeliveryState.QUEUED.value,
        "attempt": 0,
        "error": None,
        "next_attempt": now,
        "worker": None,
        "lease_until": None,
        "sent": None,
    }
    return update(delivery).where(which).values(values)


def _item(row: RowMapping) -> dict[str, Any]:
    shown = ("study_uid", "series_uid", "sop_instance_uid", "destination", "cause", "status", "attempt", "error")
    return {
        "id": str(row["id"]),
        **{name: row[name] for name in shown},
        "next_attempt": iso(row["next_attempt"]),
        "created": iso(row["created"]),
        "sent": iso(row["sent"]),
    }


listing: Final = listing_of(delivery, columns_of(delivery, *_FILTERS), _item)
"""Lists rows of a tenant, newest first, filtered by the names of their fields."""
