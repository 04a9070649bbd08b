"""Instance availability notifications (PS3.4 Annex R): which series somebody is to be told of."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, insert

from archive import outbox
from archive.outbox import Claim
from archive.pages import columns_of, listing_of
from archive.tables import availability
from archive.times import iso

_FILTERS: Final = ("id", "study_uid", "series_uid", "destination", "status")


class AvailabilityState(StrEnum):
    """States of a notification."""

    QUEUED = "queued"
    SENT = "sent"
    FAILED = outbox.FAILED


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """A series that a remote AE is to be told of."""

    id: int
    tenant: str
    study_uid: str
    series_uid: str
    destination: str


def enqueue(
    connection: Connection, tenant: str, *, study_uid: str, series_uid: str, destinations: Iterable[str], now: float
) -> None:
    """Queue a notification of a series for each of `destinations`, names of remote AEs."""
    state = {"status": AvailabilityState.QUEUED.value, "next_attempt": now, "created": now}
    about = {"tenant": tenant, "study_uid": study_uid, "series_uid": series_uid}
    for name in destinations:
        connection.execute(insert(availability).values(**about, **state, destination=name))


def get(connection: Connection, notification_id: int) -> Notification | None:
    """Return one notification."""
    row = outbox.row_of(connection, availability, notification_id)
    if row is None:
        return None
    return Notification(**{name: row[name] for name in Notification.__dataclass_fields__})


def mark_sent(connection: Connection, claim: Claim, *, now: float) -> bool:
    """Say that the remote AE took it."""
    return outbox.finish(connection, availability, claim, AvailabilityState.SENT, now=now)


def postpone(connection: Connection, claim: Claim, reason: str, *, now: float) -> bool:
    """Try again later; gives whether there will be another attempt."""
    return outbox.postpone(connection, availability, claim, reason, now=now)


def _item(row: RowMapping) -> dict[str, Any]:
    shown = ("study_uid", "series_uid", "destination", "status", "attempt", "error")
    return {
        "id": str(row["id"]),
        **{name: row[name] for name in shown},
        "next_attempt": iso(row["next_attempt"]),
        "created": iso(row["created"]),
        "finished": iso(row["finished"]),
    }


listing: Final = listing_of(availability, columns_of(availability, *_FILTERS), _item)
"""Lists rows of a tenant, newest first, filtered by the names of their fields."""
