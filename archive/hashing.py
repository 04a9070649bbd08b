"""The hash of an object, computed beside its reception where a core is free for that.

A lone association would wait for its own hash: 0.35 ms for half a megabyte. Of several, each keeps a core busy anyway.
"""

import hashlib
import os
import threading
from queue import SimpleQueue
from typing import Any, Final, TypeAlias

_Work: TypeAlias = "tuple[Any, memoryview, SimpleQueue[None]]"


class Digest:
    """The SHA-256 of bytes, computed where they are added."""

    is_beside = False

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def update(self, view: memoryview) -> None:
        """Add bytes."""
        self._hash.update(view)

    def wait(self, most: int = 0) -> None:
        """Wait until at most so many of the views that were added are still to be read."""

    def hexdigest(self) -> str:
        """Return the hash of all that was added, hexadecimal."""
        self.wait()
        return self._hash.hexdigest()


class DigestBeside(Digest):
    """The same, computed by another thread: what is added must stay as it is until `wait`."""

    is_beside = True

    def __init__(self) -> None:
        super().__init__()
        self._done: SimpleQueue[None] = SimpleQueue()
        self._outstanding = 0

    def update(self, view: memoryview) -> None:
        """Add bytes."""
        self._outstanding += 1
        _THREAD.add((self._hash, view, self._done))

    def wait(self, most: int = 0) -> None:
        """Wait until at most so many of the views that were added are still to be read."""
        while self._outstanding > most:
            self._done.get()
            self._outstanding -= 1


class _Thread:
    """The thread of this process that hashes for others; started when it is wanted first."""

    def __init__(self) -> None:
        self._begin()
        os.register_at_fork(after_in_child=self._begin)

    def _begin(self) -> None:
        self._work: SimpleQueue[_Work] = SimpleQueue()
        self._guard = threading.Lock()
        self._is_running = False

    def add(self, work: _Work) -> None:
        if self._is_running or self._start():
            self._work.put(work)
        else:
            _carry_out(work)

    def _start(self) -> bool:
        with self._guard:
            if not self._is_running:
                try:
                    threading.Thread(target=self._run, args=(self._work,), name="hashing", daemon=True).start()
                except RuntimeError:
                    # The system has no more threads for this process.
                    return False
                self._is_running = True
        return True

    @staticmethod
    def _run(works: "SimpleQueue[_Work]") -> None:
        while True:
            _carry_out(works.get())


def _carry_out(work: _Work) -> None:
    digest, view, done = work
    digest.update(view)
    done.put(None)


_THREAD: Final = _Thread()
