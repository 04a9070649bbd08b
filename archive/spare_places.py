"""Places that lie ready in the spool, for all threads of a process that take one object after the other.

While somebody does, there are always some: their names are durable before an object comes (`archive.early_flush`).
"""

import threading
from collections import deque
from typing import Final

from archive.early_flush import MOST_AT_ONCE, EarlyFlush
from archive.kernel_requests import Unsupported
from archive.spool_files import Place

# As many are flushed while the others are used.
_ENOUGH: Final = 2 * MOST_AT_ONCE
_MOST_IN_TURN: Final = 2
# Files that are removed make a file system slower for a while, and the next association mostly comes soon.
_LINGER_SECONDS: Final = 5.0


class SparePlaces:
    """Keeps them. Safe to share between threads.

    Parameters
    ----------
    linger_seconds
        How long they stay when nobody uses them any more.
    """

    def __init__(self, linger_seconds: float = _LINGER_SECONDS) -> None:
        self._linger_seconds = linger_seconds
        self._guard = threading.Lock()
        self._users = 0
        self._end: threading.Timer | None = None
        self._new: deque[Place] = deque()
        # By their number in the flush.
        self._flushing: dict[int, Place] = {}
        self._ready: deque[Place] = deque()
        self._flush: EarlyFlush | None = None
        self._flushes = True
        self._closed = False

    def join(self) -> None:
        """Begin to use them; who does so calls `leave` at the end."""
        with self._guard:
            self._users += 1
            self._cancel_end()

    def leave(self) -> None:
        """Do not use them any more. When nobody does, they are removed after a while."""
        with self._guard:
            self._users -= 1
            if self._users == 0:
                self._begin_end()

    def wanted(self) -> int:
        """Tell how many are to be made now: more than are taken, until there are enough."""
        enough = _ENOUGH if self._flushes else self._users
        there = len(self._new) + len(self._flushing) + len(self._ready)
        return max(0, min(enough - there, _MOST_IN_TURN))

    def put(self, place: Place) -> None:
        """Add one."""
        with self._guard:
            if self._closed:
                place.discard()
                return
            self._new.append(place)
            if self._flushes and len(self._new) >= MOST_AT_ONCE:
                self._begin_flush()

    def take(self) -> Place | None:
        """Give one away; none where there is none."""
        with self._guard:
            if not self._ready:
                self._collect()
            places = self._ready or self._new
            return places.popleft() if places else None

    def close(self) -> None:
        """Remove them all; a thread that still stores may go on without."""
        with self._guard:
            self._closed = True
            self._cancel_end()
            self._remove()
            self._give_up()

    def _begin_flush(self) -> None:
        try:
            if self._flush is None:
                self._flush = EarlyFlush()
        except Unsupported:
            self._give_up()
            return
        self._collect()
        if self._flush is None or not self._flush.is_idle:
            return
        count = self._flush.begin([place.descriptor for place in self._new])
        if not count:
            self._give_up()
        self._flushing = {number: self._new.popleft() for number in range(count)}

    def _collect(self) -> None:
        """Take over what was flushed meanwhile."""
        if self._flush is None or self._flush.is_idle:
            return
        try:
            finished = self._flush.finished()
        except OSError:
            self._give_up()
            return
        for number, is_well in finished:
            # It may have been removed, after its last user had left.
            place = self._flushing.pop(number, None)
            if place is None:
                continue
            if is_well:
                self._ready.append(place)
            else:
                place.discard()

    def _give_up(self) -> None:
        """Do without flushes: a file that is being flushed cannot be told from one with a fault."""
        self._flushes = False
        if self._flush is not None:
            self._flush.close()
            self._flush = None
        while self._flushing:
            self._flushing.popitem()[1].discard()

    def _begin_end(self) -> None:
        self._end = threading.Timer(self._linger_seconds, self._remove_unused)
        self._end.daemon = True
        try:
            self._end.start()
        except RuntimeError:
            # The system has no more threads for this process.
            self._end = None
            self._remove()

    def _cancel_end(self) -> None:
        if self._end is not None:
            self._end.cancel()
            self._end = None

    def _remove_unused(self) -> None:
        with self._guard:
            if self._users == 0:
                self._remove()

    def _remove(self) -> None:
        for place in (*self._new, *self._flushing.values(), *self._ready):
            place.discard()
        self._new.clear()
        self._flushing.clear()
        self._ready.clear()
