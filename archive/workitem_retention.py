"""How long workitems are kept that have ended: until their deletion locks are gone, and a while (PS3.4 CC.2.1.3)."""

from typing import Final

from sqlalchemy import Connection, delete, exists

from archive.tables import workitem, workitem_subscription

KEPT_SECONDS: Final = 30 * 86_400.0


def forget(connection: Connection, *, now: float) -> int:
    """Remove workitems that ended long ago and that nobody locked; gives how many."""
    locked = exists().where(workitem_subscription.c.workitem_id == workitem.c.id, workitem_subscription.c.deletion_lock)
    old = workitem.c.finished < now - KEPT_SECONDS
    return connection.execute(delete(workitem).where(old, ~locked)).rowcount
