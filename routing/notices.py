"""The notice loop: examines what commitment is asked for, reports the result, and tells others of complete series."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

import structlog

from archive import notices
from archive.blobs import FileBlobs
from archive.bus import Bus
from archive.database import Database
from archive.errors import NodeError
from archive.notices import Work
from archive.outbox import Claim
from archive.worker_names import worker_name
from routing.noticing import FindPeer, Noticing

_LONGEST_PAUSE_SECONDS: Final = 1.0
_FORGET_SECONDS: Final = 3_600.0
# Between files the lease on an examination is prolonged; that on a call is longer than connecting and waiting.
_LEASE_SECONDS: Final = {Work.EXAMINE: 60.0, Work.REPORT: 150.0, Work.NOTIFY: 150.0}
# Reading again is work for the disk and shall not slow down ingest; calls mostly wait for peers.
_AT_ONCE: Final = {Work.EXAMINE: 1, Work.REPORT: 8, Work.NOTIFY: 8}

_log = structlog.get_logger()


class NoticeLoop:
    """Works until it is stopped. Several may run in a node: what is to be done is claimed.

    Parameters
    ----------
    database, blobs, bus
        The node's.
    find
        Gives the remote AE of a name; None where there is none.
    """

    def __init__(self, database: Database, blobs: FileBlobs, bus: Bus, *, find: FindPeer) -> None:
        self._database = database
        self._bus = bus
        self._forget_at = 0.0
        self._worker_id = worker_name()
        noticing = Noticing(database, blobs, find=find, announce=self._announce)
        self._crews = {
            Work.EXAMINE: _Crew(Work.EXAMINE, noticing.examine),
            Work.REPORT: _Crew(Work.REPORT, noticing.report),
            Work.NOTIFY: _Crew(Work.NOTIFY, noticing.notify),
        }

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set and what is under way is through."""
        subscription = self._bus.subscribe("notices", "deliveries")
        try:
            while not stop.is_set():
                try:
                    self._look()
                    self._forget()
                except NodeError as error:
                    _log.error("notices_not_read", reason=str(error))
                subscription.wait(_LONGEST_PAUSE_SECONDS)
        finally:
            subscription.close()
            for crew in self._crews.values():
                crew.dismiss()

    def _look(self) -> None:
        """Start what is due, as far as there are threads for it."""
        # Mostly nothing is due: then this is a read, and not a write that ingest would wait for.
        for work in self._database.read(notices.due, now=time.time()):
            while self._crews[work].has_room() and (claim := self._claim(work)) is not None:
                self._crews[work].start(claim)

    def _forget(self) -> None:
        """Now and then remove what was done long ago."""
        if time.monotonic() >= self._forget_at:
            self._forget_at = time.monotonic() + _FORGET_SECONDS
            self._database.write(notices.forget, now=time.time())

    def _claim(self, work: Work) -> Claim | None:
        seconds = _LEASE_SECONDS[work]
        return self._database.write(
            notices.claim, work, worker_id=self._worker_id, lease_seconds=seconds, now=time.time()
        )

    def _announce(self) -> None:
        self._bus.publish("notices")


class _Crew:
    """The threads for one kind of work."""

    def __init__(self, work: Work, carry_out: Callable[[Claim], None]) -> None:
        self._carry_out = carry_out
        self._free = threading.BoundedSemaphore(_AT_ONCE[work])
        self._pool = ThreadPoolExecutor(_AT_ONCE[work], thread_name_prefix=work.value)

    def has_room(self) -> bool:
        """Tell whether another piece may be started; who is told so starts one, or lets the place go."""
        free = self._free.acquire(blocking=False)
        if free:
            self._free.release()
        return free

    def start(self, claim: Claim) -> None:
        """Carry out what was claimed, in a thread."""
        self._free.acquire()
        self._pool.submit(self._carry_out, claim).add_done_callback(self._done)

    def dismiss(self) -> None:
        """Wait for what is under way."""
        self._pool.shutdown(cancel_futures=True)

    def _done(self, future: "Future[None]") -> None:
        self._free.release()
        error = None if future.cancelled() else future.exception()
        if error is not None:
            # What was claimed is claimed again when its lease is over.
            _log.error("notice_failed", exc_info=error)
