"""Where an object is spooled: a new file, locked so that a sweep leaves it alone.

A thread that takes one object after the other makes the next file while its sender reads the answer.
"""

import fcntl
import os
import secrets
import threading
from collections.abc import Sequence
from contextlib import suppress
from itertools import count
from typing import Final, NamedTuple

from archive.errors import NodeError
from archive.names import new_name
from archive.storage_errors import storage_error

SUFFIX: Final = ".part"
# A few objects are no series: nothing is made ready for a next one that may never come.
_OBJECTS_IN_A_ROW: Final = 8
_OBJECTS_IN_TURN: Final = 256


class Place(NamedTuple):
    """An empty file of the spool: its path, and its open, locked descriptor."""

    location: str
    descriptor: int

    def discard(self) -> None:
        """Remove the file."""
        remove(self.location)
        os.close(self.descriptor)


class Places(threading.local):
    """Makes the places of each thread.

    Parameters
    ----------
    folders
        Those of the spool, on the same volume as the final place; they are used in turn.
    """

    def __init__(self, folders: Sequence[str]) -> None:
        self._folders = folders
        self._given = count(secrets.randbelow(len(folders)) * _OBJECTS_IN_TURN)
        self._ready: Place | None = None
        self._in_a_row = 0

    def take(self) -> Place:
        """Return a new place.

        Raises
        ------
        StorageFull, StorageFailed
            The file cannot be made.
        """
        place, self._ready = self._ready, None
        return place or self._make()

    def make_ready(self) -> None:
        """Make the place of the next object of this thread now; whoever calls this calls `let_go` at the end."""
        self._in_a_row += 1
        if self._ready is None and self._in_a_row >= _OBJECTS_IN_A_ROW:
            # What is wrong is said to the next object.
            with suppress(NodeError):
                self._ready = self._make()

    def let_go(self) -> None:
        """Remove the place that was ready in vain."""
        self._in_a_row = 0
        place, self._ready = self._ready, None
        if place is not None:
            place.discard()

    def _make(self) -> Place:
        return make_place(self._folders[next(self._given) // _OBJECTS_IN_TURN % len(self._folders)])


def make_place(folder: str) -> Place:
    """Make a file and lock it.

    Raises
    ------
    StorageFull, StorageFailed
        The file cannot be made.
    """
    while True:
        location = f"{folder}/{new_name()}{SUFFIX}"
        try:
            descriptor = os.open(location, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640)
        except OSError as error:
            raise storage_error(error) from error
        place = Place(location, descriptor)
        try:
            if _lock(descriptor):
                return place
        except OSError as error:
            place.discard()
            raise storage_error(error) from error
        # A sweep came between the two steps and took the file for a leftover.
        os.close(descriptor)


def remove(location: str) -> None:
    """Remove a file of the spool; one that is gone already is fine.

    On a failing disk it stays, and a sweep comes back to it: what the sender is told must not depend on it.
    """
    with suppress(OSError):
        os.unlink(location)  # noqa: PTH108 - a Path costs more than what it is for


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return os.fstat(descriptor).st_nlink > 0
