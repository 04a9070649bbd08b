"""Who is subscribed to workitems to come: the global and the filtered global subscription (PS3.4 Section CC.2.3)."""

from typing import Any

from sqlalchemy import Connection, RowMapping, select

from archive.attribute_lists import AttributeList
from archive.inserting import insert_missing
from archive.scheduling_matching import matches
from archive.tables import workitem_subscription, workitem_watch
from archive.workitem_reports import state_information, write
from archive.workitem_states import Event


def subscribe_watchers(connection: Connection, row: RowMapping, attributes: AttributeList, *, now: float) -> None:
    """Subscribe to a new workitem those who watch for such, and tell them its state."""
    mine = workitem_watch.c.tenant == row["tenant"]
    for watch in connection.execute(select(workitem_watch).where(mine)).mappings().all():
        if watch["keys"] is None or matches(watch["keys"], attributes):
            subscribe(connection, row, watch, now=now)


def subscribe(connection: Connection, row: RowMapping, subscriber: Any, *, now: float) -> None:
    """Subscribe somebody to a workitem: a mapping of AE title, channel and deletion lock; and tell the state.

    PS3.4 Section CC.2.3.3: who subscribes is told the present state at once. Who is subscribed stays so, with the lock
    that there is: what is said of one workitem counts for more than what is said of all (Table CC.2.3-2).
    """
    names = ("ae_title", "channel", "deletion_lock")
    values = {"tenant": row["tenant"], "workitem_id": row["id"], **{name: subscriber[name] for name in names}}
    if not insert_missing(connection, workitem_subscription, [values]):
        return
    pair = (subscriber["ae_title"], subscriber["channel"])
    uids = {"tenant": row["tenant"], "sop_instance_uid": row["sop_instance_uid"]}
    write(connection, [pair], Event.STATE_REPORT, state_information(row), now=now, **uids)
