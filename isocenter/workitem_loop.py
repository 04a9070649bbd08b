"""The workitem loop: makes jobs of workitems that ask for an analyzer of this node, and forgets what ended long ago."""

import threading
import time
from collections.abc import Mapping
from typing import Final

import structlog

from archive import workitem_adoption, workitem_reports, workitem_retention, workitem_subscriptions
from archive.bus import Bus
from archive.database import Database
from archive.errors import NodeError

_LONGEST_PAUSE_SECONDS: Final = 1.0
_FORGET_SECONDS: Final = 3_600.0

_log = structlog.get_logger()


class WorkitemLoop:
    """Works until it is stopped. Several may run in a node: rows are locked, and each workitem is taken once.

    Parameters
    ----------
    database, bus
        The node's.
    versions
        The analyzers that there are, and the version of each.
    """

    def __init__(self, database: Database, bus: Bus, *, versions: Mapping[str, str]) -> None:
        self._database = database
        self._bus = bus
        self._versions = versions
        self._forget_at = 0.0
        self._restart_is_told = False

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set."""
        subscription = self._bus.subscribe("events", "jobs")
        try:
            while not stop.is_set():
                try:
                    self._turn()
                except NodeError as error:
                    _log.error("workitems_not_read", reason=str(error))
                subscription.wait(_LONGEST_PAUSE_SECONDS)
        finally:
            subscription.close()

    def _turn(self) -> None:
        if not self._restart_is_told:
            self._database.write(workitem_subscriptions.tell_restart, now=time.time())
            self._restart_is_told = True
        # Mostly there is nothing: then this is a read, and not a write that ingest would wait for.
        found = self._database.read(workitem_adoption.waiting, self._versions)
        for wanted in found:
            self._database.write(workitem_adoption.adopt, wanted, self._versions, now=time.time())
        if found:
            self._bus.publish("jobs")
            self._bus.publish("events")
        if time.monotonic() >= self._forget_at:
            self._forget_at = time.monotonic() + _FORGET_SECONDS
            self._database.write(workitem_reports.forget, now=time.time())
            self._database.write(workitem_retention.forget, now=time.time())
