"""Where an object is spooled. Threads that take one object after the other find files that were made before."""

import threading
from collections.abc import Sequence
from typing import Final

from archive.spare_places import SparePlaces
from archive.spool_files import Place
from archive.spool_folders import SpoolFolders

# A few objects are no series: nothing is made ready for a next one that may never come.
_OBJECTS_IN_A_ROW: Final = 8


class Places(threading.local):
    """Gives each thread its places.

    Parameters
    ----------
    folders
        Those of the spool, on the same volume as the final place.
    spares
        What lies ready, for all threads.
    """

    def __init__(self, folders: Sequence[str], spares: SparePlaces) -> None:
        self._folders = SpoolFolders(folders)
        self._spares = spares
        self._in_a_row = 0

    def take(self) -> Place:
        """Return a new place.

        Raises
        ------
        StorageFull, StorageFailed
            The file cannot be made.
        """
        spare = self._spares.take() if self._in_a_row >= _OBJECTS_IN_A_ROW else None
        return spare or self._folders.make_place()

    def make_ready(self) -> None:
        """Say that more may come of this thread; whoever calls this calls `let_go` at the end."""
        self._in_a_row += 1
        if self._in_a_row == _OBJECTS_IN_A_ROW:
            self._spares.join()

    def let_go(self) -> None:
        """Say that nothing more comes of this thread for now."""
        in_a_row, self._in_a_row = self._in_a_row, 0
        if in_a_row >= _OBJECTS_IN_A_ROW:
            self._spares.leave()
