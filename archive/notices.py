"""What the notice loop has to do: examine objects, report the result, tell of complete series."""

from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, Table

from archive import outbox
from archive.availability import AvailabilityState
from archive.commitments import CommitmentState
from archive.outbox import Claim
from archive.tables import availability, commitment

# What is done is of interest for so long, and a request that is repeated within this time is known again.
_KEPT_SECONDS: Final = 30 * 86_400.0


class Work(StrEnum):
    """Kinds of work."""

    EXAMINE = "examine"
    REPORT = "report"
    NOTIFY = "notify"


_WAITING: Final[dict[Work, tuple[Table, str]]] = {
    Work.EXAMINE: (commitment, CommitmentState.REQUESTED.value),
    Work.REPORT: (commitment, CommitmentState.EXAMINED.value),
    Work.NOTIFY: (availability, AvailabilityState.QUEUED.value),
}


def due(connection: Connection, *, now: float) -> frozenset[Work]:
    """Tell which kinds of work wait."""
    return frozenset(
        work for work, (table, status) in _WAITING.items() if outbox.is_due(connection, table, status, now=now)
    )


def claim(connection: Connection, work: Work, *, worker_id: str, lease_seconds: float, now: float) -> Claim | None:
    """Give the oldest piece of `work` that is due to `worker_id`; None when there is none."""
    table, status = _WAITING[work]
    return outbox.claim(connection, table, status, worker_id=worker_id, lease_seconds=lease_seconds, now=now)


def forget(connection: Connection, *, now: float) -> int:
    """Remove what was done long ago; gives how much."""
    return sum(
        outbox.forget(connection, table, finished_before=now - _KEPT_SECONDS) for table in (commitment, availability)
    )
