"""Retrievals: what this node asks remote AEs to send it, from the wish to the last object."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, Select, insert, or_, select, update

from archive import audit
from archive.errors import Conflict, NotFound
from archive.pages import columns_of, listing_of
from archive.tables import retrieval
from archive.times import iso

_FILTERS: Final = ("id", "remote_ae", "method", "study_uid", "status", "principal")


class RetrievalState(StrEnum):
    """Where a retrieval is. `partial`: it came to its end, but objects are missing."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETE = "complete"
    PARTIAL = "partial"
    FAILED = "failed"
    CANCELED = "canceled"


UNFINISHED: Final = (RetrievalState.QUEUED.value, RetrievalState.RUNNING.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedRetrieval:
    """A retrieval that a worker has taken on; fields as in the table."""

    id: int
    tenant: str
    remote_ae: str
    method: str
    study_uid: str
    series_uids: tuple[str, ...]
    principal: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Sub-operations as the peer counts them; remaining is None before it did."""

    remaining: int | None
    completed: int
    failed: int
    warning: int


def enqueue(
    connection: Connection,
    tenant: str,
    *,
    remote_ae: str,
    method: str,
    study_uid: str,
    series_uids: Sequence[str] = (),
    principal: str,
    now: float,
) -> dict[str, Any]:
    """Ask for a study, or for series of it, from a remote AE; a worker does it."""
    values = {
        "tenant": tenant,
        "remote_ae": remote_ae,
        "method": method,
        "study_uid": study_uid,
        "series_uids": list(series_uids),
        "status": RetrievalState.QUEUED.value,
        "principal": principal,
        "created": now,
    }
    key = connection.execute(insert(retrieval).values(values).returning(retrieval.c.id)).scalar_one()
    _write_audit(connection, audit.Action.RETRIEVAL_STARTED, get(connection, tenant, key), principal, now)
    return get(connection, tenant, key)


def get(connection: Connection, tenant: str, key: int) -> dict[str, Any]:
    """Return a retrieval.

    Raises
    ------
    NotFound
        The tenant has none with this key.
    """
    row = connection.execute(_of_tenant(tenant).where(retrieval.c.id == key)).mappings().one_or_none()
    if row is None:
        raise NotFound
    return _item(row)


def request_cancel(connection: Connection, tenant: str, key: int, *, principal: str, now: float) -> dict[str, Any]:
    """Ask for the end of a retrieval: one that waits ends now, one that runs when its peer has answered.

    Raises
    ------
    NotFound
        There is none.
    Conflict
        It is over already.
    """
    item = get(connection, tenant, key)
    if item["status"] not in UNFINISHED:
        raise Conflict(f"The retrieval is {item['status']}.")
    which = retrieval.c.id == key
    connection.execute(update(retrieval).where(which).values(cancel_requested=True))
    waiting = which & (retrieval.c.status == RetrievalState.QUEUED.value)
    connection.execute(update(retrieval).where(waiting).values(status=RetrievalState.CANCELED.value, finished=now))
    _write_audit(connection, audit.Action.RETRIEVAL_CANCELED, item, principal, now)
    return get(connection, tenant, key)


def is_due(connection: Connection, *, now: float) -> bool:
    """Tell whether a retrieval waits for a worker: a look that costs no write."""
    return connection.execute(_free(now)).first() is not None


def claim(connection: Connection, *, worker: str, lease_seconds: float, now: float) -> ClaimedRetrieval | None:
    """Take on the oldest retrieval that waits, or that a worker has left; None where there is none."""
    key = connection.execute(_free(now).with_for_update(skip_locked=True)).scalar_one_or_none()
    if key is None:
        return None
    values = {"status": RetrievalState.RUNNING.value, "worker": worker, "lease_until": now + lease_seconds}
    taken = update(retrieval).where(retrieval.c.id == key).values(values).returning(retrieval)
    row = connection.execute(taken).mappings().one()
    return ClaimedRetrieval(
        id=row["id"],
        tenant=row["tenant"],
        remote_ae=row["remote_ae"],
        method=row["method"],
        study_uid=row["study_uid"],
        series_uids=tuple(row["series_uids"]),
        principal=row["principal"],
    )


def note(
    connection: Connection, key: int, counts: Counts | None, *, worker: str, lease_seconds: float, now: float
) -> bool:
    """Keep a claim, and say how far it is; tells whether to stop, because somebody wants that or has taken it over."""
    mine = (retrieval.c.id == key) & (retrieval.c.worker == worker)
    values = {"lease_until": now + lease_seconds, **(_values(counts) if counts else {})}
    statement = update(retrieval).where(mine).values(values).returning(retrieval.c.cancel_requested)
    return connection.execute(statement).scalar_one_or_none() is not False


def finish(
    connection: Connection,
    claimed: ClaimedRetrieval,
    state: RetrievalState,
    message: str,
    counts: Counts | None,
    *,
    worker: str,
    now: float,
) -> None:
    """Say how a retrieval ended; one that another worker has taken over is left alone."""
    mine = (retrieval.c.id == claimed.id) & (retrieval.c.worker == worker)
    values = {"status": state.value, "message": message, "finished": now, "worker": None, "lease_until": None}
    if counts:
        values |= _values(counts)
    if connection.execute(update(retrieval).where(mine).values(values)).rowcount:
        item = get(connection, claimed.tenant, claimed.id)
        _write_audit(connection, audit.Action.RETRIEVAL_ENDED, item, claimed.principal, now)


def _free(now: float) -> Select[tuple[int]]:
    left = (retrieval.c.status == RetrievalState.RUNNING.value) & (retrieval.c.lease_until < now)
    free = or_(retrieval.c.status == RetrievalState.QUEUED.value, left)
    return select(retrieval.c.id).where(free).order_by(retrieval.c.id).limit(1)


def _values(counts: Counts) -> dict[str, Any]:
    return {
        "remaining": counts.remaining,
        "completed": counts.completed,
        "failed": counts.failed,
        "warning": counts.warning,
    }


def _of_tenant(tenant: str) -> Select[Any]:
    return select(retrieval).where(retrieval.c.tenant == tenant)


def _item(row: RowMapping) -> dict[str, Any]:
    shown = ("remote_ae", "method", "study_uid", "series_uids", "status", "remaining", "completed", "failed", "warning")
    return {
        "id": str(row["id"]),
        **{name: row[name] for name in shown},
        "message": row["message"],
        "cancel_requested": row["cancel_requested"],
        "principal": row["principal"],
        "created": iso(row["created"]),
        "finished": iso(row["finished"]),
    }


def _write_audit(
    connection: Connection, action: audit.Action, item: dict[str, Any], principal: str, now: float
) -> None:
    failed = item["status"] in (RetrievalState.FAILED, RetrievalState.PARTIAL)
    audit.append(
        connection,
        _tenant_of(connection, int(item["id"])),
        action,
        audit.Outcome.FAILURE if failed else audit.Outcome.SUCCESS,
        principal,
        now=now,
        study_uid=item["study_uid"],
        detail={name: item[name] for name in ("id", "remote_ae", "method", "completed", "failed")},
    )


def _tenant_of(connection: Connection, key: int) -> str:
    return str(connection.execute(select(retrieval.c.tenant).where(retrieval.c.id == key)).scalar_one())


listing: Final = listing_of(retrieval, columns_of(retrieval, *_FILTERS), _item)
"""Lists rows of a tenant, newest first, filtered by the names of their fields."""
