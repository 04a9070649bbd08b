"""Our own requests for storage commitment: a report may come on another association, and later (PS3.4 Annex J)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select

from archive import delivery_work
from archive.tables import commitment_asked

# Who has not reported by then does not report: the deliveries stay as they are.
KEPT_SECONDS = 7 * 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request of ours: whom we asked, and about which deliveries, by SOP Instance UID."""

    tenant: str
    destination: str
    deliveries: Mapping[str, int]


def remember(
    connection: Connection,
    tenant: str,
    *,
    transaction_uid: str,
    destination: str,
    deliveries: Mapping[str, int],
    now: float,
) -> None:
    """Keep a request before it is sent, and forget those that are too old for an answer."""
    connection.execute(delete(commitment_asked).where(commitment_asked.c.created < now - KEPT_SECONDS))
    values = {"transaction_uid": transaction_uid, "tenant": tenant, "destination": destination, "created": now}
    connection.execute(insert(commitment_asked).values(**values, deliveries=dict(deliveries)))


def find(connection: Connection, tenant: str, transaction_uid: str) -> Asked | None:
    """Return the request that a report speaks of; None when it is none of ours."""
    mine = (commitment_asked.c.tenant == tenant, commitment_asked.c.transaction_uid == transaction_uid)
    row = connection.execute(select(commitment_asked).where(*mine)).mappings().one_or_none()
    if row is None:
        return None
    return Asked(tenant=row["tenant"], destination=row["destination"], deliveries=row["deliveries"])


def confirm(connection: Connection, asked: Asked, sop_instance_uids: Collection[str], *, now: float) -> int:
    """Mark deliveries as confirmed that the report says are kept; gives how many of our request it names."""
    ids = [asked.deliveries[uid] for uid in sop_instance_uids if uid in asked.deliveries]
    delivery_work.mark_confirmed(connection, ids, now=now)
    return len(ids)
