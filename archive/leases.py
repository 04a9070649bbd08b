"""When a piece of work may be taken: nobody has it, or who had it was lost, and its time has come.

For tables with the columns `status`, `next_attempt` and `lease_until`.
"""

from typing import Final

from sqlalchemy import ColumnElement, Table, and_, or_

_FIRST_PAUSE_SECONDS: Final = 5.0
_LONGEST_PAUSE_SECONDS: Final = 300.0


def back_off_seconds(attempt: int) -> float:
    """Return the pause after the `attempt`-th failure: 5 s, twice as long each time, at most 5 min."""
    return min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2.0 ** min(attempt - 1, 16))


def is_due(table: Table, status: str, *, now: float) -> ColumnElement[bool]:
    """Return the condition that a row with `status` may be claimed."""
    return and_(table.c.status == status, table.c.next_attempt <= now, is_free(table, now=now))


def is_free(table: Table, *, now: float) -> ColumnElement[bool]:
    """Return the condition that nobody holds a row."""
    return or_(table.c.lease_until.is_(None), table.c.lease_until < now)
