"""Where an object is spooled. Threads that take one object after the other find files that were made before."""

import secrets
import threading
from collections.abc import Sequence
from contextlib import suppress
from itertools import count
from typing import Final

from archive.errors import NodeError
from archive.spare_places import SparePlaces
from archive.spool_files import Place, make_place

# A few objects are no series: nothing is made ready for a next one that may never come.
_OBJECTS_IN_A_ROW: Final = 8
_OBJECTS_IN_TURN: Final = 256


class Places(threading.local):
    """Makes the places of each thread.

    Parameters
    ----------
    folders
        Those of the spool, on the same volume as the final place; they are used in turn.
    spares
        What lies ready, for all threads.
    """

    def __init__(self, folders: Sequence[str], spares: SparePlaces) -> None:
        self._folders = folders
        self._spares = spares
        self._given = count(secrets.randbelow(len(folders)) * _OBJECTS_IN_TURN)
        self._in_a_row = 0

    def take(self) -> Place:
        """Return a new place.

        Raises
        ------
        StorageFull, StorageFailed
            The file cannot be made.
        """
        spare = self._spares.take() if self._in_a_row >= _OBJECTS_IN_A_ROW else None
        return spare or self._make()

    def make_ready(self) -> None:
        """Make places for what comes next of this thread now; whoever calls this calls `let_go` at the end."""
        self._in_a_row += 1
        if self._in_a_row < _OBJECTS_IN_A_ROW:
            return
        if self._in_a_row == _OBJECTS_IN_A_ROW:
            self._spares.join()
        # What is wrong is said to the next object.
        with suppress(NodeError):
            for _ in range(self._spares.wanted()):
                self._spares.put(self._make())

    def let_go(self) -> None:
        """Say that nothing more comes of this thread for now."""
        in_a_row, self._in_a_row = self._in_a_row, 0
        if in_a_row >= _OBJECTS_IN_A_ROW:
            self._spares.leave()

    def _make(self) -> Place:
        return make_place(self._folders[next(self._given) // _OBJECTS_IN_TURN % len(self._folders)])
