"""What a sender does with deliveries: claim a batch for one association, and say what became of each object."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, Update, and_, func, select, update

from archive import events
from archive.event_types import DeliveryConfirmed, DeliveryFailed, DeliverySent, Event
from archive.leases import back_off_seconds, is_due
from archive.tables import delivery

# After so many attempts a delivery is dead: a person has to look at it.
ATTEMPTS: Final = 10
_LOST: Final = "the sender was lost"


class DeliveryState(StrEnum):
    """States of a delivery."""

    QUEUED = "queued"
    SENT = "sent"
    CONFIRMED = "confirmed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedDelivery:
    """An object that its claimer shall send now; `attempt` is 1 for the first."""

    id: int
    tenant: str
    study_uid: str
    series_uid: str
    sop_instance_uid: str
    destination: str
    cause: str
    attempt: int


def claim_batch(
    connection: Connection,
    *,
    worker_id: str,
    destination: str,
    limit: int,
    lease_seconds: float,
    now: float,
) -> list[ClaimedDelivery]:
    """Give up to `limit` deliveries for `destination` to `worker_id`, the oldest first, for one association."""
    due = select(delivery.c.id).where(_is_due(now), delivery.c.destination == destination)
    # Two senders that ask at once get two batches, not one and a wait (PostgreSQL).
    due = due.order_by(delivery.c.id).limit(limit).with_for_update(skip_locked=True)
    ids = connection.execute(due).scalars().all()
    claimed = update(delivery).where(delivery.c.id.in_(ids)).values(_claim(worker_id, now + lease_seconds))
    return [_claimed(row) for row in _rows(connection, claimed.returning(*delivery.c))]


def heartbeat(
    connection: Connection, delivery_ids: Sequence[int], *, worker_id: str, lease_seconds: float, now: float
) -> None:
    """Prolong the lease on deliveries that are still to be sent."""
    connection.execute(_change(delivery_ids, worker_id, lease_until=now + lease_seconds))


def mark_sent(connection: Connection, delivery_ids: Sequence[int], *, worker_id: str, now: float) -> None:
    """Say that the destination answered these with success."""
    events.lock_order(connection)
    values = {"status": DeliveryState.SENT.value, "error": None, "next_attempt": None, "sent": now}
    changed = _change(delivery_ids, worker_id, **values, lease_until=None)
    for row in _rows(connection, changed):
        _announce(connection, row, DeliverySent(**_names(row)), now)


def mark_confirmed(connection: Connection, delivery_ids: Sequence[int], *, now: float) -> None:
    """Say that the destination was asked for these, and has them (storage commitment, or C-FIND)."""
    events.lock_order(connection)
    which = and_(delivery.c.id.in_(delivery_ids), delivery.c.status == DeliveryState.SENT.value)
    changed = update(delivery).where(which).values(status=DeliveryState.CONFIRMED.value)
    for row in _rows(connection, changed.returning(*delivery.c)):
        _announce(connection, row, DeliveryConfirmed(**_names(row)), now)


def mark_failed(
    connection: Connection,
    delivery_ids: Sequence[int],
    reason: str,
    *,
    worker_id: str,
    now: float,
    attempts: int = ATTEMPTS,
    final: bool = False,
) -> None:
    """Say that these could not be sent: each is tried again later, or is failed when no attempt is left.

    Parameters
    ----------
    reason
        Why, for the administrator; no patient data.
    attempts
        How many attempts a delivery has.
    final
        Whether it is useless to try again.
    """
    events.lock_order(connection)
    claimed = select(delivery).where(_is_held(delivery_ids, worker_id)).order_by(delivery.c.id).with_for_update()
    for row in connection.execute(claimed).mappings().all():
        _fail(connection, row, reason, now=now, final=final or row["attempt"] >= attempts)


def unconfirmed(connection: Connection, *, destination: str, sent_after: float, limit: int) -> list[ClaimedDelivery]:
    """Return deliveries that were sent after a time and are not confirmed yet, the oldest first."""
    sent = and_(delivery.c.status == DeliveryState.SENT.value, delivery.c.sent > sent_after)
    statement = select(delivery).where(sent, delivery.c.destination == destination).order_by(delivery.c.id)
    return [_claimed(row) for row in connection.execute(statement.limit(limit)).mappings()]


def destinations_due(connection: Connection, *, now: float) -> list[str]:
    """Return the destinations for which something is to be sent now."""
    statement = select(delivery.c.destination).where(_is_due(now)).distinct().order_by(delivery.c.destination)
    return list(connection.execute(statement).scalars())


def next_due(connection: Connection, *, now: float) -> float | None:
    """Return when the next delivery may be tried, for a loop that sleeps until then; None when nothing waits."""
    # A delivery in somebody's hands is due when the lease runs out.
    moment = func.coalesce(delivery.c.lease_until, delivery.c.next_attempt, now)
    waiting = select(func.min(moment)).where(delivery.c.status == DeliveryState.QUEUED.value)
    earliest: float | None = connection.execute(waiting).scalar_one()
    return earliest


def release_expired(connection: Connection, *, now: float, attempts: int = ATTEMPTS) -> int:
    """Give up deliveries whose last sender was lost with no attempt left; return how many."""
    lost = and_(delivery.c.status == DeliveryState.QUEUED.value, delivery.c.lease_until < now)
    statement = select(delivery).where(lost, delivery.c.attempt >= attempts)
    if connection.execute(statement).first() is None:
        return 0
    events.lock_order(connection)
    rows = connection.execute(statement.with_for_update(skip_locked=True)).mappings().all()
    for row in rows:
        _fail(connection, row, _LOST, now=now, final=True)
    return len(rows)


def _is_due(now: float) -> ColumnElement[bool]:
    return is_due(delivery, DeliveryState.QUEUED.value, now=now)


def _is_held(delivery_ids: Sequence[int], worker_id: str) -> ColumnElement[bool]:
    # A sender that lost its lease must not speak for the one that has the delivery now.
    queued = delivery.c.status == DeliveryState.QUEUED.value
    return and_(delivery.c.id.in_(delivery_ids), queued, delivery.c.worker == worker_id)


def _claim(worker_id: str, lease_until: float) -> dict[str, Any]:
    return {"worker": worker_id, "lease_until": lease_until, "attempt": delivery.c.attempt + 1}


def _change(delivery_ids: Sequence[int], worker_id: str, **values: Any) -> Update:
    return update(delivery).where(_is_held(delivery_ids, worker_id)).values(values).returning(*delivery.c)


def _rows(connection: Connection, statement: Update | Select[Any]) -> list[RowMapping]:
    return sorted(connection.execute(statement).mappings(), key=lambda row: int(row["id"]))


def _fail(connection: Connection, row: RowMapping, reason: str, *, now: float, final: bool) -> None:
    values: dict[str, Any] = {"error": reason, "worker": None, "lease_until": None}
    if final:
        values |= {"status": DeliveryState.FAILED.value, "next_attempt": None}
    else:
        values |= {"next_attempt": now + back_off_seconds(row["attempt"])}
    connection.execute(update(delivery).where(delivery.c.id == row["id"]).values(values))
    event = DeliveryFailed(**_names(row), reason=reason, attempt=row["attempt"], final=final)
    _announce(connection, row, event, now)


def _names(row: RowMapping) -> dict[str, str]:
    return {
        "delivery_id": str(row["id"]),
        "destination": row["destination"],
        "sop_instance_uid": row["sop_instance_uid"],
    }


def _announce(connection: Connection, row: RowMapping, event: Event, now: float) -> None:
    place = {"study_uid": row["study_uid"], "series_uid": row["series_uid"]}
    events.append(connection, row["tenant"], event, now=now, **place)


def _claimed(row: RowMapping) -> ClaimedDelivery:
    return ClaimedDelivery(**{name: row[name] for name in ClaimedDelivery.__dataclass_fields__})
