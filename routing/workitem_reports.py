"""UPS Event, as SCP: reports about workitems go to their subscribers by N-EVENT-REPORT (PS3.4 Section CC.2.4).

Each subscriber gets its reports in their order, over one association as long as there are any.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

import structlog

from archive import workitem_reports
from archive.bus import Bus
from archive.database import Database
from archive.errors import NodeError
from archive.worker_names import worker_name
from archive.workitem_reports import Report
from archive.workitem_states import Channel
from routing.errors import WireError
from routing.peers import Peer
from routing.workitem_call import NotEncodable, SubscriberCall

_LONGEST_PAUSE_SECONDS: Final = 1.0
_LEASE_SECONDS: Final = 150.0
_SUBSCRIBERS_AT_ONCE: Final = 8


_log = structlog.get_logger()
FindSubscriber = Callable[[str, str], Peer | None]


class WorkitemReportLoop:
    """Reports until it is stopped. Several may run in a node: each report is claimed.

    Parameters
    ----------
    database, bus
        The node's.
    find
        Gives the remote AE of a tenant and AE title; None where there is none.
    """

    def __init__(self, database: Database, bus: Bus, *, find: FindSubscriber) -> None:
        self._database = database
        self._bus = bus
        self._find = find
        self._worker_id = worker_name()
        self._busy: set[tuple[str, str]] = set()
        self._guard = threading.Lock()

    def run(self, stop: threading.Event) -> None:
        """Report until `stop` is set and what is under way is through."""
        subscription = self._bus.subscribe("events", "notices")
        try:
            with ThreadPoolExecutor(_SUBSCRIBERS_AT_ONCE, thread_name_prefix="workitem-report") as pool:
                while not stop.is_set():
                    self._look(pool, stop)
                    subscription.wait(_LONGEST_PAUSE_SECONDS)
        finally:
            subscription.close()

    def _look(self, pool: ThreadPoolExecutor, stop: threading.Event) -> None:
        try:
            due = self._database.read(workitem_reports.due_subscribers, now=time.time())
        except NodeError as error:
            _log.error("workitem_reports_not_read", reason=str(error))
            return
        for subscriber in due:
            with self._guard:
                if subscriber in self._busy:
                    continue
                self._busy.add(subscriber)
            pool.submit(self._serve, subscriber, stop).add_done_callback(_log_failure)

    def _serve(self, subscriber: tuple[str, str], stop: threading.Event) -> None:
        """Send what a subscriber has not got, until there is nothing left or something fails."""
        tenant, ae_title = subscriber
        try:
            calling = SubscriberCall(self._find(tenant, ae_title))
            try:
                while not stop.is_set() and self._send_some(calling, tenant, ae_title):
                    pass
            finally:
                calling.end()
        except NodeError as error:
            # What was claimed is claimed again when its lease is over.
            _log.error("workitem_reports_not_noted", ae_title=ae_title, reason=str(error))
        finally:
            with self._guard:
                self._busy.discard(subscriber)

    def _send_some(self, calling: SubscriberCall, tenant: str, ae_title: str) -> bool:
        found = self._database.read(workitem_reports.waiting, tenant, ae_title, Channel.DIMSE)
        return bool(found) and all(self._send(calling, each) for each in found)

    def _send(self, calling: SubscriberCall, report: Report) -> bool:
        """Send one report; gives whether to go on with the next."""
        claim = self._database.write(
            workitem_reports.claim,
            report.id,
            worker_id=self._worker_id,
            lease_seconds=_LEASE_SECONDS,
            now=time.time(),
        )
        if claim is None:
            return False
        names = {"ae_title": report.ae_title, "sop_instance_uid": report.sop_instance_uid}
        try:
            calling.report(report)
        except WireError as error:
            final = calling.peer is None or isinstance(error, NotEncodable)
            again = self._database.write(workitem_reports.postpone, claim, str(error), now=time.time(), final=final)
            _log.warning("workitem_not_reported", reason=str(error), final=not again, **names)
            return final
        self._database.write(workitem_reports.finish, claim, now=time.time())
        _log.info("workitem_reported", event_type=report.event_type, **names)
        return True


def _log_failure(future: "Future[None]") -> None:
    error = future.exception()
    if error is not None:
        _log.error("workitem_report_thread_failed", exc_info=error)
