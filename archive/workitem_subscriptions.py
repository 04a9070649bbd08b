"""Subscriptions to workitems: one, all, or those that match (PS3.4 Section CC.2.3, Table CC.2.3-2)."""

from typing import Any, Final

from sqlalchemy import Connection, RowMapping, delete, insert, select

from archive import events
from archive.attribute_lists import AttributeList
from archive.scheduling_matching import check, matches
from archive.tables import workitem, workitem_subscription, workitem_watch
from archive.workitem_errors import ActionNotAppropriate
from archive.workitem_reports import Report, write
from archive.workitem_rows import lock, shown
from archive.workitem_states import FINAL, Channel, Event, Outcome
from archive.workitem_watches import subscribe as subscribe_row

GLOBAL: Final = "1.2.840.10008.5.1.4.34.5"
FILTERED: Final = "1.2.840.10008.5.1.4.34.5.1"
_WELL_KNOWN: Final = frozenset({GLOBAL, FILTERED})


def subscribe(
    connection: Connection,
    tenant: str,
    sop_instance_uid: str,
    ae_title: str,
    channel: Channel,
    *,
    deletion_lock: bool = False,
    keys: AttributeList | None = None,
    now: float,
) -> Outcome:
    """Subscribe an AE to a workitem, or by a well-known UID to all that are and will be.

    A deletion lock on a workitem that has ended is not granted: whoever wants it kept must come before its end.

    Raises
    ------
    NotFound
        There is no such workitem.
    InvalidQuery
        A filter cannot be compared.
    """
    events.lock_order(connection)
    subscriber = {"ae_title": ae_title, "channel": channel.value, "deletion_lock": deletion_lock}
    if sop_instance_uid in _WELL_KNOWN:
        wanted = keys if sop_instance_uid == FILTERED else None
        _watch(connection, tenant, subscriber, wanted, now)
        return Outcome.DONE
    row = lock(connection, tenant, sop_instance_uid)
    refused = deletion_lock and row["state"] in FINAL
    _renew(connection, row, {**subscriber, "deletion_lock": deletion_lock and not refused}, now)
    return Outcome.LOCK_NOT_GRANTED if refused else Outcome.DONE


def unsubscribe(connection: Connection, tenant: str, sop_instance_uid: str, ae_title: str, channel: Channel) -> int:
    """End a subscription; of a well-known UID all subscriptions of the AE.

    Returns
    -------
    int
        How many there were; none is no failure (PS3.4 Table CC.2.3-2).

    Raises
    ------
    NotFound
        There is no such workitem.
    """
    events.lock_order(connection)
    mine = _of(workitem_subscription, tenant, ae_title, channel)
    ended = 0
    if sop_instance_uid in _WELL_KNOWN:
        ended = _stop_watching(connection, tenant, ae_title, channel)
    else:
        row = lock(connection, tenant, sop_instance_uid)
        mine = (*mine, workitem_subscription.c.workitem_id == row["id"])
    return ended + connection.execute(delete(workitem_subscription).where(*mine)).rowcount


def suspend(connection: Connection, tenant: str, sop_instance_uid: str, ae_title: str, channel: Channel) -> int:
    """End the subscription to workitems to come; those that there are stay subscribed.

    Returns
    -------
    int
        How many there were: one or none.

    Raises
    ------
    ActionNotAppropriate
        Only a global subscription can be suspended (PS3.4 Table CC.2.3-3).
    """
    if sop_instance_uid not in _WELL_KNOWN:
        raise ActionNotAppropriate
    events.lock_order(connection)
    return _stop_watching(connection, tenant, ae_title, channel)


def subscribers(connection: Connection) -> list[tuple[str, str, Channel]]:
    """Return tenant, AE title and channel of everybody who is subscribed to anything."""
    found = connection.execute(
        select(workitem_subscription.c.tenant, workitem_subscription.c.ae_title, workitem_subscription.c.channel).union(
            select(workitem_watch.c.tenant, workitem_watch.c.ae_title, workitem_watch.c.channel)
        )
    ).all()
    return [(tenant, ae_title, Channel(channel)) for tenant, ae_title, channel in found]


def tell_restart(connection: Connection, *, now: float) -> int:
    """Tell all subscribers that this node was started again and has kept everything; gives how many there are."""
    found = subscribers(connection)
    for tenant, ae_title, channel in found:
        pair = (ae_title, channel.value)
        write(connection, [pair], Event.SCP_STATUS_CHANGE, _RESTARTED, tenant=tenant, sop_instance_uid=GLOBAL, now=now)
    return len(found)


def going_down(tenant: str, ae_title: str) -> Report:
    """Make the report that this node ends. It is said now or not at all, so that it is nowhere kept."""
    return Report(
        id=0,
        tenant=tenant,
        sop_instance_uid=GLOBAL,
        ae_title=ae_title,
        event_type=Event.SCP_STATUS_CHANGE.value,
        information=_GOING_DOWN,
    )


# SCP Status, Subscription List Status and Unified Procedure Step List Status (PS3.4 Table CC.2.4-1).
_RESTARTED: Final = {"00741242": ["RESTARTED"], "00741244": ["WARM START"], "00741246": ["WARM START"]}
_GOING_DOWN: Final[AttributeList] = {"00741242": ["GOING DOWN"]}


def _watch(
    connection: Connection, tenant: str, subscriber: dict[str, Any], keys: AttributeList | None, now: float
) -> None:
    check(keys or {})
    _stop_watching(connection, tenant, subscriber["ae_title"], Channel(subscriber["channel"]))
    values = {"tenant": tenant, **subscriber, "keys": None if keys is None else dict(keys)}
    connection.execute(insert(workitem_watch).values(values))
    present = select(workitem).where(workitem.c.tenant == tenant, workitem.c.state.not_in(FINAL))
    for row in connection.execute(present.order_by(workitem.c.id)).mappings().all():
        if keys is None or matches(keys, shown(row)):
            subscribe_row(connection, row, subscriber, now=now)


def _renew(connection: Connection, row: RowMapping, subscriber: dict[str, Any], now: float) -> None:
    mine = _of(workitem_subscription, row["tenant"], subscriber["ae_title"], Channel(subscriber["channel"]))
    connection.execute(delete(workitem_subscription).where(*mine, workitem_subscription.c.workitem_id == row["id"]))
    subscribe_row(connection, row, subscriber, now=now)


def _stop_watching(connection: Connection, tenant: str, ae_title: str, channel: Channel) -> int:
    return connection.execute(delete(workitem_watch).where(*_of(workitem_watch, tenant, ae_title, channel))).rowcount


def _of(table: Any, tenant: str, ae_title: str, channel: Channel) -> tuple[Any, ...]:
    return table.c.tenant == tenant, table.c.ae_title == ae_title, table.c.channel == channel.value
