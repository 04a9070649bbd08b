"""The delivery loop: every destination at its own pace, many objects over one association."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

import structlog

from archive import deliveries
from archive.bus import Bus
from archive.database import Database
from archive.errors import NodeError
from archive.worker_names import worker_name
from routing.confirming import Confirmer
from routing.dispatch import LEASE_SECONDS, Convert, Destination, Dispatcher
from routing.sender import Blobs

_BATCH: Final = 200
_DESTINATIONS_AT_ONCE: Final = 16
_LONGEST_PAUSE_SECONDS: Final = 1.0
_UNKNOWN: Final = "there is no remote AE of this name"

_log = structlog.get_logger()


class DeliveryLoop:
    """Sends what is queued until it is stopped.

    Parameters
    ----------
    database, blobs, bus
        The node's.
    find
        Gives the destination of a name; None where there is none.
    convert
        For destinations that cannot keep what analyzers make.
    """

    def __init__(
        self,
        database: Database,
        blobs: Blobs,
        bus: Bus,
        *,
        find: Callable[[str], Destination | None],
        convert: Convert,
    ) -> None:
        self._database = database
        self._bus = bus
        self._find = find
        self._worker_id = worker_name()
        self._dispatcher = Dispatcher(
            database, blobs, convert=convert, worker_id=self._worker_id, announce=self._announce
        )
        self._confirmer = Confirmer(database, announce=self._announce)
        self._busy: set[str] = set()
        self._guard = threading.Lock()

    def run(self, stop: threading.Event) -> None:
        """Deliver until `stop` is set and the batches under way are through."""
        confirming = threading.Thread(target=self._confirmer.run, name="confirming", daemon=True)
        confirming.start()
        subscription = self._bus.subscribe("deliveries")
        try:
            with ThreadPoolExecutor(_DESTINATIONS_AT_ONCE, thread_name_prefix="deliver") as pool:
                while not stop.is_set():
                    subscription.wait(self._look(pool, stop))
        finally:
            subscription.close()
            self._confirmer.stop()
            confirming.join()

    def _look(self, pool: ThreadPoolExecutor, stop: threading.Event) -> float:
        """Start what is due; gives the seconds until it is worth looking again."""
        try:
            now = time.time()
            due = self._database.read(deliveries.destinations_due, now=now)
            for name in due:
                self._start(pool, name, stop)
            following = self._database.read(deliveries.next_due, now=now)
        except NodeError as error:
            _log.error("deliveries_not_read", reason=str(error))
            return _LONGEST_PAUSE_SECONDS
        if following is None:
            return _LONGEST_PAUSE_SECONDS
        return min(max(following - now, 0.05), _LONGEST_PAUSE_SECONDS)

    def _start(self, pool: ThreadPoolExecutor, name: str, stop: threading.Event) -> None:
        with self._guard:
            if name in self._busy:
                return
            self._busy.add(name)
        pool.submit(self._drain, name, stop).add_done_callback(_log_failure)

    def _drain(self, name: str, stop: threading.Event) -> None:
        """Send batch after batch until the destination has all."""
        try:
            while not stop.is_set() and self._send_batch(name):
                pass
        except NodeError as error:
            # What was claimed is claimed again when its lease is over.
            _log.error("deliveries_not_noted", destination=name, reason=str(error))
        finally:
            with self._guard:
                self._busy.discard(name)

    def _send_batch(self, name: str) -> bool:
        claims = self._database.write(
            deliveries.claim_batch,
            worker_id=self._worker_id,
            destination=name,
            limit=_BATCH,
            lease_seconds=LEASE_SECONDS,
            now=time.time(),
        )
        if not claims:
            return False
        destination = self._find(name)
        if destination is None:
            self._dispatcher.fail(claims, _UNKNOWN, final=True)
            return True
        begun = time.monotonic()
        sent = self._dispatcher.dispatch(destination, claims)
        _log.info(
            "deliveries_sent",
            destination=name,
            sent=len(sent.claims),
            failed=len(claims) - len(sent.claims),
            seconds=round(time.monotonic() - begun, 3),
        )
        self._confirmer.ask(destination.peer, sent)
        return True

    def _announce(self) -> None:
        self._bus.publish("events")


def _log_failure(future: "Future[None]") -> None:
    """Put on record what no one waits for: the claims come free when their lease is over."""
    error = future.exception()
    if error is not None:
        _log.error("delivery_thread_failed", exc_info=error)
