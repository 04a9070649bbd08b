"""The retrieval loop: what somebody asked remote AEs for is fetched, a few at a time."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, Self

import structlog

from archive import retrievals
from archive.bus import Bus
from archive.errors import NodeError
from archive.ingest import Archive
from archive.retrievals import ClaimedRetrieval, Counts, RetrievalState
from archive.worker_names import worker_name
from routing.peers import Peer
from routing.remote_retrieve import Method, Wanted
from routing.retrieving import Ended, retrieve

_AT_ONCE: Final = 4
_LEASE_SECONDS: Final = 60.0
_PAUSE_SECONDS: Final = 1.0
# Often enough for a progress bar and for whoever cancels, seldom enough for the database.
_NOTE_SECONDS: Final = 0.25
_UNKNOWN: Final = "there is no remote AE of this name"

_log = structlog.get_logger()


class RetrievalLoop:
    """Fetches what is queued until it is stopped.

    Parameters
    ----------
    archive
        Where objects go, and the database of the retrievals.
    bus
        Wakes the loop.
    find
        Gives the peer of a remote AE's name; None where there is none.
    """

    def __init__(self, archive: Archive, bus: Bus, *, find: Callable[[str], Peer | None]) -> None:
        self._archive = archive
        self._database = archive.database
        self._bus = bus
        self._find = find
        self._worker = worker_name()

    def run(self, stop: threading.Event) -> None:
        """Fetch until `stop` is set; what is under way then is canceled at the peer, and taken up again later."""
        subscription = self._bus.subscribe("retrievals")
        slots = threading.Semaphore(_AT_ONCE)
        try:
            with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="retrieve") as pool:
                while not stop.is_set():
                    self._look(pool, slots, stop)
                    subscription.wait(_PAUSE_SECONDS)
        finally:
            subscription.close()

    def _look(self, pool: ThreadPoolExecutor, slots: threading.Semaphore, stop: threading.Event) -> None:
        while slots.acquire(blocking=False):
            claimed = self._claim()
            if claimed is None:
                slots.release()
                return

            def ended(future: "Future[None]") -> None:
                slots.release()
                _log_failure(future)
                self._bus.publish("retrievals")

            pool.submit(self._fetch, claimed, stop).add_done_callback(ended)

    def _claim(self) -> ClaimedRetrieval | None:
        try:
            if not self._database.read(retrievals.is_due, now=time.time()):
                return None
            return self._database.write(
                retrievals.claim, worker=self._worker, lease_seconds=_LEASE_SECONDS, now=time.time()
            )
        except NodeError as error:
            _log.error("retrievals_not_read", reason=str(error))
            return None

    def _fetch(self, claimed: ClaimedRetrieval, stop: threading.Event) -> None:
        with _Following(self, claimed, stop) as following:
            ended = self._ask(claimed, following)
        if stop.is_set() and ended.state is RetrievalState.CANCELED:
            # Not what anybody asked for: its lease ends, and the next worker takes it up.
            return
        self._database.write(
            retrievals.finish,
            claimed,
            ended.state,
            ended.message,
            ended.counts,
            worker=self._worker,
            now=time.time(),
        )
        _log.info("retrieval_ended", retrieval=claimed.id, remote_ae=claimed.remote_ae, state=ended.state.value)

    def _ask(self, claimed: ClaimedRetrieval, following: "_Following") -> Ended:
        peer = self._find(claimed.remote_ae)
        if peer is None:
            return Ended(state=RetrievalState.FAILED, message=_UNKNOWN, counts=None)
        return retrieve(
            peer,
            Wanted(study_uid=claimed.study_uid, series_uids=claimed.series_uids),
            Method(claimed.method),
            archive=self._archive,
            tenant=claimed.tenant,
            principal=claimed.principal,
            noted=following.count,
            canceled=following.canceled.is_set,
        )

    def note(self, claimed: ClaimedRetrieval, counts: Counts | None) -> bool:
        """Write how far a retrieval is; tells whether to stop."""
        return self._database.write(
            retrievals.note,
            claimed.id,
            counts,
            worker=self._worker,
            lease_seconds=_LEASE_SECONDS,
            now=time.time(),
        )


class _Following:
    """Writes progress, keeps the claim and looks for a cancel, beside the thread that waits for the peer."""

    def __init__(self, loop: RetrievalLoop, claimed: ClaimedRetrieval, stop: threading.Event) -> None:
        self.canceled = threading.Event()
        self._loop = loop
        self._claimed = claimed
        self._stop = stop
        self._counts: Counts | None = None
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="retrieval-progress", daemon=True)

    def count(self, counts: Counts) -> None:
        self._counts = counts

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._done.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._done.wait(_NOTE_SECONDS):
            try:
                stop = self._loop.note(self._claimed, self._counts)
            except NodeError as error:
                _log.warning("retrieval_not_noted", reason=str(error))
                continue
            if stop or self._stop.is_set():
                self.canceled.set()


def _log_failure(future: "Future[None]") -> None:
    error = future.exception()
    if error is not None:
        _log.error("retrieval_thread_failed", exc_info=error)
