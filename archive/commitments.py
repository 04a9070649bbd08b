"""Requests for storage commitment: kept before they are answered, worked off until their result is reported.

PS3.4 Annex J: the requester may delete its copies when the report says so. A request is `requested`, then `examined`
when its objects were read again, then `reported`; or `failed` when nobody takes the report.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, RowMapping, Select, case, func, insert, select, update

from archive import outbox
from archive.errors import Conflict
from archive.outbox import Claim
from archive.pages import columns_of, listing_of
from archive.tables import commitment
from archive.times import iso

# Who waits on an open association for the report has so long to take it, before it is sent over a new one.
HERE_SECONDS: Final = 30.0
_FILTERS: Final = ("id", "transaction_uid", "ae_title", "destination", "status")


class CommitmentState(StrEnum):
    """States of a request."""

    REQUESTED = "requested"
    EXAMINED = "examined"
    REPORTED = "reported"
    FAILED = outbox.FAILED


class Reference(NamedTuple):
    """An object that somebody wants to be sure of."""

    sop_class_uid: str
    sop_instance_uid: str


class Refused(NamedTuple):
    """An object that is not committed; `reason` is a Failure Reason of PS3.3 Section C.14.1.1."""

    sop_class_uid: str
    sop_instance_uid: str
    reason: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Commitment:
    """A request.

    Parameters
    ----------
    id
        Its row.
    tenant
        Whose objects it is about.
    transaction_uid
        What the requester calls it.
    ae_title
        The requester.
    destination
        Name of the remote AE that gets the report; blank where there is none.
    items
        All objects that were asked about.
    failures
        Those that are not committed, known when it was examined.
    """

    id: int
    tenant: str
    transaction_uid: str
    ae_title: str
    destination: str
    items: tuple[Reference, ...]
    failures: tuple[Refused, ...]


def request(
    connection: Connection,
    tenant: str,
    *,
    transaction_uid: str,
    ae_title: str,
    destination: str,
    items: Sequence[Reference],
    here: bool,
    now: float,
) -> int:
    """Keep a request; gives its id.

    With `here` the association on which it came takes the report for a while (`claim_for_here`), before it is sent
    over a new one.

    The same request again, which comes from a requester that missed our answer or the report, is the same row; when
    it was reported it is examined and reported anew. The Transaction UID identifies a request (PS3.4 Section
    J.3.2.1.2): it cannot stand for other objects.

    Raises
    ------
    Conflict
        This requester used the Transaction UID for other objects.
    """
    here_until = now + HERE_SECONDS if here else None
    known = connection.execute(_by_uid(tenant, ae_title, transaction_uid)).mappings().one_or_none()
    if known is None:
        values = {
            "tenant": tenant,
            "transaction_uid": transaction_uid,
            "ae_title": ae_title,
            "destination": destination,
            "status": CommitmentState.REQUESTED.value,
            "items": [list(item) for item in items],
            "failures": [],
            "here_until": here_until,
            "next_attempt": now,
            "created": now,
        }
        return int(connection.execute(insert(commitment).values(values).returning(commitment.c.id)).scalar_one())
    if sorted(map(tuple, known["items"])) != sorted(map(tuple, items)):
        raise Conflict("The Transaction UID is in use for other objects.")
    _open_again(connection, known, {"destination": destination, "here_until": here_until}, now)
    return int(known["id"])


def claim_for_here(
    connection: Connection, commitment_id: int, *, worker_id: str, lease_seconds: float, now: float
) -> Claim | None:
    """Claim the report of one request, for the association on which it came; None while it is not examined."""
    examined, lease_until = CommitmentState.EXAMINED, now + lease_seconds
    return outbox.claim_one(
        connection, commitment, commitment_id, examined, worker_id=worker_id, lease_until=lease_until, now=now
    )


def prolong(connection: Connection, claim: Claim, *, lease_seconds: float, now: float) -> None:
    """Keep a claimed request for longer."""
    outbox.prolong(connection, commitment, claim, lease_seconds=lease_seconds, now=now)


def is_examined(connection: Connection, commitment_id: int) -> bool:
    """Tell whether the result of a request is known and not reported."""
    statement = select(commitment.c.status).where(commitment.c.id == commitment_id)
    return bool(connection.execute(statement).scalar_one_or_none() == CommitmentState.EXAMINED)


def get(connection: Connection, commitment_id: int) -> Commitment | None:
    """Return one request."""
    row = outbox.row_of(connection, commitment, commitment_id)
    return None if row is None else _from_row(row)


def mark_examined(connection: Connection, claim: Claim, failures: Sequence[Refused], *, now: float) -> bool:
    """Say which objects are not committed; the report is due when nobody waits for it on an open association."""
    waiting = func.coalesce(commitment.c.here_until, now)
    return outbox.advance(
        connection,
        commitment,
        claim,
        CommitmentState.EXAMINED,
        now=now,
        next_attempt=case((waiting > now, waiting), else_=now),
        failures=[list(failure) for failure in failures],
    )


def stop_waiting(connection: Connection, commitment_id: int, *, now: float) -> None:
    """Say that the association on which a request came does not take its report: it is due over a new one."""
    untried = commitment.c.status.in_((CommitmentState.REQUESTED.value, CommitmentState.EXAMINED.value))
    statement = update(commitment).where(commitment.c.id == commitment_id, untried)
    connection.execute(statement.values(here_until=None, next_attempt=now))


def mark_reported(connection: Connection, claim: Claim, *, now: float) -> bool:
    """Say that the requester has the report."""
    return outbox.finish(connection, commitment, claim, CommitmentState.REPORTED, now=now)


def postpone(connection: Connection, claim: Claim, reason: str, *, now: float, final: bool = False) -> bool:
    """Try again later, unless this was `final`; gives whether there will be another attempt."""
    return outbox.postpone(connection, commitment, claim, reason, now=now, final=final)


def _by_uid(tenant: str, ae_title: str, transaction_uid: str) -> Select[Any]:
    mine = (commitment.c.tenant == tenant, commitment.c.ae_title == ae_title)
    return select(commitment).where(*mine, commitment.c.transaction_uid == transaction_uid).with_for_update()


def _open_again(connection: Connection, row: RowMapping, values: dict[str, Any], now: float) -> None:
    if row["status"] in (CommitmentState.REPORTED, CommitmentState.FAILED):
        again = {"status": CommitmentState.REQUESTED.value, "attempt": 0, "error": None, "finished": None}
        values = values | again | {"next_attempt": now}
    connection.execute(update(commitment).where(commitment.c.id == row["id"]).values(values))


def _from_row(row: RowMapping) -> Commitment:
    return Commitment(
        items=tuple(Reference(*item) for item in row["items"]),
        failures=tuple(Refused(*failure) for failure in row["failures"]),
        **{name: row[name] for name in ("id", "tenant", "transaction_uid", "ae_title", "destination")},
    )


def _item(row: RowMapping) -> dict[str, Any]:
    shown = ("transaction_uid", "ae_title", "destination", "status", "attempt", "error")
    return {
        "id": str(row["id"]),
        **{name: row[name] for name in shown},
        "objects": len(row["items"]),
        "not_committed": len(row["failures"]),
        "next_attempt": iso(row["next_attempt"]),
        "created": iso(row["created"]),
        "finished": iso(row["finished"]),
    }


listing: Final = listing_of(commitment, columns_of(commitment, *_FILTERS), _item)
"""Lists rows of a tenant, newest first, filtered by the names of their fields."""
