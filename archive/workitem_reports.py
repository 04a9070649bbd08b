"""Event reports about workitems: written for every subscriber in the transaction of what happened (PS3.4 CC.2.4)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update

from archive import outbox
from archive.attribute_lists import AttributeList, items, key
from archive.leases import is_free
from archive.outbox import Claim
from archive.tables import workitem_report, workitem_subscription
from archive.workitem_rules import PROGRESS, STATE
from archive.workitem_states import Channel, Event

_QUEUED: Final = "queued"
_SENT: Final = "sent"
# A subscriber that does not come for its reports so long does not get them any more.
_KEPT_SECONDS: Final = 86_400.0
_MOST_AT_ONCE: Final = 200
_LONGEST_TITLE: Final = 16
_CANCEL_INFORMATION: Final = tuple(
    key(keyword)
    for keyword in (
        "ReasonForCancellation",
        "ProcedureStepDiscontinuationReasonCodeSequence",
        "ContactURI",
        "ContactDisplayName",
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One report for one subscriber."""

    id: int
    tenant: str
    sop_instance_uid: str
    ae_title: str
    event_type: int
    information: AttributeList


def report(connection: Connection, row: RowMapping, event: Event, information: AttributeList, *, now: float) -> None:
    """Write a report about a workitem for all its subscribers."""
    mine = workitem_subscription.c.workitem_id == row["id"]
    columns = workitem_subscription.c.ae_title, workitem_subscription.c.channel
    subscribers = connection.execute(select(*columns).where(mine)).all()
    uids = {"tenant": row["tenant"], "sop_instance_uid": row["sop_instance_uid"]}
    write(connection, subscribers, event, information, now=now, **uids)


def write(
    connection: Connection,
    subscribers: Iterable[Any],
    event: Event,
    information: AttributeList,
    *,
    tenant: str,
    sop_instance_uid: str,
    now: float,
) -> None:
    """Write a report for each of `subscribers`: pairs of AE title and channel."""
    common = {
        "tenant": tenant,
        "sop_instance_uid": sop_instance_uid,
        "event_type": event.value,
        "information": dict(information),
        "status": _QUEUED,
        "next_attempt": now,
        "created": now,
    }
    rows = [{**common, "ae_title": ae_title, "channel": channel} for ae_title, channel in subscribers]
    if rows:
        connection.execute(insert(workitem_report), rows)


def tell_cancel_request(
    connection: Connection, row: RowMapping, said: AttributeList, *, requesting_ae: str, now: float
) -> None:
    """Report that somebody wants a workitem canceled, and what they say of it (PS3.4 Table CC.2.4-1)."""
    told = {name: said[name] for name in _CANCEL_INFORMATION if name in said}
    told[key("RequestingAE")] = [requesting_ae[:_LONGEST_TITLE]]
    report(connection, row, Event.CANCEL_REQUESTED, told, now=now)


def state_information(row: RowMapping) -> dict[str, Any]:
    """Return what a UPS State Report says (PS3.4 Table CC.2.4-1)."""
    attributes: AttributeList = row["attributes"]
    readiness = key("InputReadinessState")
    told: dict[str, Any] = {key(STATE): [row["state"]], readiness: list(attributes.get(readiness, ()))}
    for item in items(attributes, PROGRESS)[:1]:
        reasons = (key("ReasonForCancellation"), key("ProcedureStepDiscontinuationReasonCodeSequence"))
        told |= {name: list(item[name]) for name in reasons if name in item}
    return told


def waiting(connection: Connection, tenant: str, ae_title: str, channel: Channel) -> list[Report]:
    """Return the reports that a subscriber has not got, oldest first."""
    table = workitem_report.c
    mine = (table.status == _QUEUED, table.channel == channel.value, table.tenant == tenant, table.ae_title == ae_title)
    rows = connection.execute(select(workitem_report).where(*mine).order_by(table.id).limit(_MOST_AT_ONCE)).mappings()
    return [Report(**{name: row[name] for name in Report.__dataclass_fields__}) for row in rows]


def mark_sent(connection: Connection, ids: Iterable[int], *, now: float) -> None:
    """Note that reports were sent."""
    which = workitem_report.c.id.in_(list(ids))
    connection.execute(update(workitem_report).where(which).values(status=_SENT, finished=now))


def due_subscribers(connection: Connection, *, now: float) -> list[tuple[str, str]]:
    """Return tenant and AE title of those whose oldest report by N-EVENT-REPORT may be sent: they keep their order."""
    table = workitem_report.c
    queued = (table.status == _QUEUED, table.channel == Channel.DIMSE.value)
    oldest = select(func.min(table.id)).where(*queued).group_by(table.tenant, table.ae_title)
    free = (table.next_attempt <= now) & is_free(workitem_report, now=now)
    rows = connection.execute(select(table.tenant, table.ae_title).where(table.id.in_(oldest), free)).all()
    return [(row.tenant, row.ae_title) for row in rows]


def claim(connection: Connection, report_id: int, *, worker_id: str, lease_seconds: float, now: float) -> Claim | None:
    """Give a report to whoever sends it; None when another does."""
    lease_until = now + lease_seconds
    return outbox.claim_one(
        connection, workitem_report, report_id, _QUEUED, worker_id=worker_id, lease_until=lease_until, now=now
    )


def finish(connection: Connection, held: Claim, *, now: float) -> bool:
    """Note that a claimed report was taken."""
    return outbox.finish(connection, workitem_report, held, _SENT, now=now)


def postpone(connection: Connection, held: Claim, reason: str, *, now: float, final: bool = False) -> bool:
    """Try a claimed report again later; gives whether there will be another attempt."""
    return outbox.postpone(connection, workitem_report, held, reason, now=now, final=final)


def forget(connection: Connection, *, now: float) -> int:
    """Remove reports that were sent, or are too old for anybody to want them."""
    outbox.forget(connection, workitem_report, finished_before=now - _KEPT_SECONDS)
    too_old = workitem_report.c.created < now - _KEPT_SECONDS
    return connection.execute(delete(workitem_report).where(too_old)).rowcount
