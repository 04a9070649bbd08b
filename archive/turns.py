"""Writers of one SQLite file take turns, over all processes of the machine.

SQLite has no queue: a writer that finds another one at work fails, and begins anew after a pause, which with two busy
listeners halves the rate. Here a file lock says whose turn it is, which the kernel frees when its holder dies, and a
bell wakes those who wait for it.
"""

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from archive.bell import Bell
from archive.errors import DatabaseUnavailable
from archive.file_locks import lock_at_once

# A holder that dies does not ring.
_LONGEST_WAIT_SECONDS: Final = 0.002


class Turns:
    """One writer at a time; threads may share this.

    It only keeps order. That writers exclude each other is SQLite's affair: one that does not ask for a turn, such as
    a backup, is waited for as ever.

    Parameters
    ----------
    path
        The file to lock; it is made beside the database.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None
        self._bell: Bell | None = None
        # The lock belongs to the open file, which all threads of this process share.
        self._threads = threading.Lock()

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Hold the turn while the context is open; see `take`."""
        self.take(seconds)
        try:
            yield
        finally:
            self.give_back()

    def take(self, seconds: float) -> None:
        """Wait for the turn.

        Parameters
        ----------
        seconds
            How long to wait for it.

        Raises
        ------
        DatabaseUnavailable
            It did not come in time, or the file cannot be made.
        """
        deadline = time.monotonic() + seconds
        if not self._threads.acquire(timeout=max(seconds, 0.0)):
            raise DatabaseUnavailable
        try:
            self._take(*self._opened(), deadline)
        except BaseException:
            self._threads.release()
            raise

    def give_back(self) -> None:
        """Let another one have the turn."""
        descriptor, bell = self._opened()
        try:
            fcntl.flock(descriptor, fcntl.LOCK_UN)
            bell.ring()
        finally:
            self._threads.release()

    def _take(self, descriptor: int, bell: Bell, deadline: float) -> None:
        if lock_at_once(descriptor):
            return
        while True:
            strokes = bell.strokes
            bell.listen()
            if lock_at_once(descriptor):
                # Others may listen too, and this turn's end is what they listen for.
                bell.listen()
                return
            if time.monotonic() > deadline:
                raise DatabaseUnavailable
            bell.wait(strokes, _LONGEST_WAIT_SECONDS)

    def _opened(self) -> tuple[int, Bell]:
        if self._descriptor is None or self._bell is None:
            try:
                self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
                self._bell = Bell(self._descriptor)
            except OSError as error:
                raise DatabaseUnavailable from error
        return self._descriptor, self._bell

    def close(self) -> None:
        """Let go of the file."""
        with self._threads:
            if self._bell is not None:
                self._bell.close()
            if self._descriptor is not None:
                os.close(self._descriptor)
            self._descriptor = self._bell = None
