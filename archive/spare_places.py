"""Places that lie ready in the spool, for all threads of a process that take one object after the other.

A thread of their own makes them: to make one takes as long as a sender needs to come with the next object. Where that
does not hold up others, their names are durable before an object comes (`archive.early_flush`).
"""

import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from itertools import compress
from typing import Final

from archive.early_flush import MOST_AT_ONCE, EarlyFlush
from archive.errors import NodeError
from archive.kernel_requests import Unsupported
from archive.reserved_room import EXPECTED, with_room
from archive.spool_files import Place

# So many are there while the next ones are made.
_FEW: Final = MOST_AT_ONCE
# Files that are removed make a file system slower for a while, and the next association mostly comes soon.
_LINGER_SECONDS: Final = 5.0


class SparePlaces:
    """Keeps them. Safe to share between threads.

    Parameters
    ----------
    make
        Makes one.
    linger_seconds
        How long they stay when nobody uses them any more.
    """

    def __init__(self, make: Callable[[], Place], linger_seconds: float = _LINGER_SECONDS) -> None:
        self._make = make
        self._linger_seconds = linger_seconds
        self._guard = threading.Lock()
        self._users = 0
        self._thread: threading.Thread | None = None
        self._wanted = threading.Event()
        self._ready: deque[Place] = deque()
        self._closed = False

    def join(self) -> None:
        """Begin to use them; who does so calls `leave` at the end."""
        with self._guard:
            self._users += 1
            is_running = self._thread is not None and self._thread.is_alive()
            if not is_running and not self._closed:
                self._begin()
        self._wanted.set()

    def leave(self) -> None:
        """Do not use them any more. When nobody does, they are removed after a while."""
        with self._guard:
            self._users -= 1
        self._wanted.set()

    def take(self) -> Place | None:
        """Give one away; none where there is none."""
        ready = self._ready
        place = None
        with suppress(IndexError):
            place = ready.popleft()
        if len(ready) <= _FEW and not self._wanted.is_set():
            self._wanted.set()
        return place

    def close(self) -> None:
        """Remove them all; a thread that still stores may go on without."""
        with self._guard:
            self._closed = True
            thread = self._thread
        self._wanted.set()
        if thread is not None:
            thread.join()
        self._remove()

    def _begin(self) -> None:
        self._thread = threading.Thread(target=self._run, name="spare-places", daemon=True)
        try:
            self._thread.start()
        except RuntimeError:
            # The system has no more threads for this process: the next association asks again.
            self._thread = None

    def _run(self) -> None:
        maker = _Maker(self._make)
        while self._goes_on():
            while len(self._ready) <= _FEW and not self._closed:
                # With small objects of several associations the flushes of all would wait for these.
                self._ready.extend(maker.some(flush=self._users == 1 or EXPECTED.of_process > 0))
                if maker.has_failed:
                    break
        maker.close()

    def _goes_on(self) -> bool:
        """Wait until some are wanted; tells when this thread is to end, and none is there any more."""
        while True:
            is_wanted = self._wanted.wait(None if self._users else self._linger_seconds)
            with self._guard:
                self._wanted.clear()
                if self._users and not self._closed:
                    return True
                if self._closed or not is_wanted:
                    self._thread = None
                    self._remove()
                    return False

    def _remove(self) -> None:
        with suppress(IndexError):
            while True:
                self._ready.popleft().discard()


class _Maker:
    """Makes some at once, and has their names made durable where the system can. For one thread."""

    def __init__(self, make: Callable[[], Place]) -> None:
        self._make = make
        self.has_failed = False
        """Whether fewer came than should have: what is wrong is said to the next object."""
        self._flush: EarlyFlush | None = None
        with suppress(Unsupported):
            self._flush = EarlyFlush()

    def some(self, *, flush: bool) -> list[Place]:
        """Make some; `flush` says that their names are made durable."""
        new: list[Place] = []
        with suppress(NodeError):
            while len(new) < MOST_AT_ONCE:
                new.append(with_room(self._make()))
        sound = self._flushed(new) if flush else new
        self.has_failed = len(sound) < MOST_AT_ONCE
        return sound

    def _flushed(self, places: list[Place]) -> list[Place]:
        """Return those without a fault; the others are removed."""
        if self._flush is None:
            return places
        try:
            is_well = self._flush.flush([place.descriptor for place in places])
        except OSError:
            is_well = [False] * len(places)
        if not all(is_well):
            # From now on each object finds out for itself.
            self.close()
        for place, is_sound in zip(places, is_well, strict=True):
            if not is_sound:
                place.discard()
        return list(compress(places, is_well))

    def close(self) -> None:
        """Flush no more."""
        if self._flush is not None:
            self._flush.close()
            self._flush = None
