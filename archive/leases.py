"""When a piece of work may be taken: nobody has it, or who had it was lost, and its time has come.

For tables with the columns `status`, `next_attempt` and `lease_until`.
"""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import ColumnElement, Connection, Table, and_, or_, select, update

from archive.tables import metadata

Claimed = tuple[Table, int]
"""A table, and the row in it that somebody holds."""

_FIRST_PAUSE_SECONDS: Final = 5.0
_LONGEST_PAUSE_SECONDS: Final = 300.0


def back_off_seconds(attempt: int) -> float:
    """Return the pause after the `attempt`-th failure: 5 s, twice as long each time, at most 5 min."""
    return min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2.0 ** min(attempt - 1, 16))


def is_due(table: Table, status: str, *, now: float) -> ColumnElement[bool]:
    """Return the condition that a row with `status` may be claimed."""
    return and_(table.c.status == status, table.c.next_attempt <= now, is_free(table, now=now))


def claims_of(connection: Connection, worker: str) -> list[Claimed]:
    """Find the claims of a worker. It takes long where much was done; nobody who writes shall wait for that.

    Parameters
    ----------
    worker
        As `worker_name` called it.
    """
    found: list[Claimed] = []
    for table in metadata.tables.values():
        if "worker" in table.c and "lease_until" in table.c:
            rows = connection.execute(select(table.c.id).where(_held(table, worker)))
            found += [(table, row_id) for row_id in rows.scalars()]
    return found


def give_back(connection: Connection, worker: str, claims: Iterable[Claimed]) -> int:
    """End the claims of a worker that is no more, whatever they are on: others need not wait until they run out.

    Parameters
    ----------
    worker
        As `worker_name` called it.
    claims
        As `claims_of` found them.

    Returns
    -------
    int
        Number of claims.
    """
    ended = 0
    for table, row_id in claims:
        mine = and_(table.c.id == row_id, _held(table, worker))
        ended += connection.execute(update(table).where(mine).values(lease_until=0.0)).rowcount
    return ended


def _held(table: Table, worker: str) -> ColumnElement[bool]:
    return and_(table.c.worker == worker, table.c.lease_until.is_not(None))


def is_free(table: Table, *, now: float) -> ColumnElement[bool]:
    """Return the condition that nobody holds a row."""
    return or_(table.c.lease_until.is_(None), table.c.lease_until < now)
