"""Rows that are worked off one by one, by any worker: claimed for a while, tried again later, ended.

For tables with the columns `status`, `attempt`, `error`, `next_attempt`, `worker`, `lease_until` and `finished`.
"""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, RowMapping, Table, and_, delete, select, update

from archive.leases import back_off_seconds, is_free
from archive.leases import is_due as due_now

FAILED: Final = "failed"
# With pauses of five minutes a peer may be away for a night.
ATTEMPTS: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A row in somebody's hands; `attempt` is 1 for the first."""

    id: int
    worker_id: str
    attempt: int


def is_due(connection: Connection, table: Table, status: str, *, now: float) -> bool:
    """Tell whether a row with `status` may be claimed."""
    return connection.execute(select(table.c.id).where(due_now(table, status, now=now)).limit(1)).first() is not None


def claim(
    connection: Connection, table: Table, status: str, *, worker_id: str, lease_seconds: float, now: float
) -> Claim | None:
    """Give the row with `status` that waits longest to `worker_id`; None when nothing is due."""
    due = select(table.c.id).where(due_now(table, status, now=now)).order_by(table.c.next_attempt, table.c.id).limit(1)
    row_id = connection.execute(due.with_for_update(skip_locked=True)).scalar_one_or_none()
    if row_id is None:
        return None
    return _take(connection, table, table.c.id == row_id, worker_id, now + lease_seconds)


def claim_one(
    connection: Connection, table: Table, row_id: int, status: str, *, worker_id: str, lease_until: float, now: float
) -> Claim | None:
    """Give one row with `status` to `worker_id`, due or not; None when another has it or it is past that."""
    wanted = and_(table.c.id == row_id, table.c.status == status, is_free(table, now=now))
    return _take(connection, table, wanted, worker_id, lease_until)


def prolong(connection: Connection, table: Table, claim: Claim, *, lease_seconds: float, now: float) -> None:
    """Keep a row for longer."""
    connection.execute(update(table).where(_is_held(table, claim)).values(lease_until=now + lease_seconds))


def advance(connection: Connection, table: Table, claim: Claim, status: str, *, now: float, **values: Any) -> bool:
    """Put a row into its next status, with all attempts and due at `now`; False when it was lost meanwhile."""
    free = {"worker": None, "lease_until": None, "error": None, "attempt": 0, "next_attempt": now}
    changed = update(table).where(_is_held(table, claim)).values(status=status, **(free | values))
    return connection.execute(changed).rowcount > 0


def finish(connection: Connection, table: Table, claim: Claim, status: str, *, now: float) -> bool:
    """End a row well; False when it was lost meanwhile."""
    return advance(connection, table, claim, status, now=now, next_attempt=None, attempt=claim.attempt, finished=now)


def postpone(
    connection: Connection, table: Table, claim: Claim, reason: str, *, now: float, final: bool = False
) -> bool:
    """Try a row again after a pause that grows; gives whether there will be another attempt.

    Parameters
    ----------
    reason
        Why, for the administrator; no patient data.
    final
        Whether it is useless to try again.
    """
    again = not final and claim.attempt < ATTEMPTS
    values: dict[str, Any] = {"error": reason, "worker": None, "lease_until": None}
    if again:
        values |= {"next_attempt": now + back_off_seconds(claim.attempt)}
    else:
        values |= {"status": FAILED, "next_attempt": None, "finished": now}
    connection.execute(update(table).where(_is_held(table, claim)).values(values))
    return again


def forget(connection: Connection, table: Table, *, finished_before: float) -> int:
    """Remove rows that ended before a time; gives how many."""
    return connection.execute(delete(table).where(table.c.finished < finished_before)).rowcount


def row_of(connection: Connection, table: Table, row_id: int) -> RowMapping | None:
    """Return a row."""
    return connection.execute(select(table).where(table.c.id == row_id)).mappings().one_or_none()


def _take(
    connection: Connection, table: Table, which: ColumnElement[bool], worker_id: str, lease_until: float
) -> Claim | None:
    values = {"worker": worker_id, "lease_until": lease_until, "attempt": table.c.attempt + 1}
    taken = update(table).where(which).values(values).returning(table.c.id, table.c.attempt)
    row = connection.execute(taken).one_or_none()
    return None if row is None else Claim(id=row.id, worker_id=worker_id, attempt=row.attempt)


def _is_held(table: Table, claim: Claim) -> ColumnElement[bool]:
    # Who lost its lease must not speak for the one that has the row now.
    return and_(table.c.id == claim.id, table.c.worker == claim.worker_id)
