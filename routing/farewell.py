"""Subscribers to workitems are told that this node ends (PS3.4 Section CC.2.4.3), as far as they listen at once."""

import threading
import time
from collections import deque
from dataclasses import replace
from typing import Final

import structlog

from archive import workitem_subscriptions
from archive.database import Database
from archive.errors import NodeError
from archive.workitem_states import Channel
from archive.workitem_subscriptions import going_down
from routing.errors import WireError
from routing.peers import Peer
from routing.workitem_call import SubscriberCall
from routing.workitem_reports import FindSubscriber

_SECONDS: Final = 3.0
_AT_ONCE: Final = 8

_log = structlog.get_logger()


class Farewell:
    """Says GOING DOWN to all that are told by N-EVENT-REPORT.

    The end of the node waits for nobody: who does not answer is left alone after a moment, and learns from RESTARTED
    what was. So its threads are none that keep a process alive.

    Parameters
    ----------
    database
        Where subscriptions are.
    find
        Gives the remote AE of a tenant and AE title; None where there is none.
    seconds
        How long all of it may take.
    """

    def __init__(self, database: Database, *, find: FindSubscriber, seconds: float = _SECONDS) -> None:
        self._database = database
        self._find = find
        self._seconds = seconds
        self._deadline = 0.0
        self._left: deque[tuple[str, str]] = deque()
        self._all = threading.Thread(target=self._tell_all, name="farewell", daemon=True)

    def begin(self) -> None:
        """Begin to tell them."""
        self._deadline = time.monotonic() + self._seconds
        self._all.start()

    def wait(self) -> None:
        """Wait until all know, or the time is over."""
        self._all.join(max(self._deadline - time.monotonic(), 0.0))

    def _tell_all(self) -> None:
        try:
            found = self._database.read(workitem_subscriptions.subscribers)
        except NodeError as error:
            _log.warning("going_down_not_told", reason=str(error))
            return
        self._left.extend((tenant, ae_title) for tenant, ae_title, channel in found if channel is Channel.DIMSE)
        threads = [
            threading.Thread(target=self._tell_some, name=f"farewell-{number}", daemon=True)
            for number in range(min(_AT_ONCE, len(self._left)))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _tell_some(self) -> None:
        while time.monotonic() < self._deadline:
            try:
                tenant, ae_title = self._left.popleft()
            except IndexError:
                return
            self._tell(tenant, ae_title)

    def _tell(self, tenant: str, ae_title: str) -> None:
        try:
            call = SubscriberCall(self._hasty(self._find(tenant, ae_title)))
            try:
                call.report(going_down(tenant, ae_title))
            finally:
                call.end()
        except (WireError, NodeError) as error:
            _log.warning("going_down_not_told", ae_title=ae_title, reason=str(error))
        else:
            _log.info("going_down_told", ae_title=ae_title)

    def _hasty(self, peer: Peer | None) -> Peer | None:
        return peer and replace(peer, connect_seconds=self._seconds, response_seconds=self._seconds)
