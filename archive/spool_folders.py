"""The folders of the spool, in turn."""

import secrets
from collections.abc import Sequence
from itertools import count
from typing import Final

from archive.spool_files import Place, make_place

_OBJECTS_IN_TURN: Final = 256


class SpoolFolders:
    """Makes places in one folder after the other. For one thread.

    Parameters
    ----------
    folders
        Those of the spool, on the same volume as the final place.
    """

    def __init__(self, folders: Sequence[str]) -> None:
        self._folders = folders
        self._given = count(secrets.randbelow(len(folders)) * _OBJECTS_IN_TURN)

    def make_place(self) -> Place:
        """Make a place.

        Raises
        ------
        StorageFull, StorageFailed
            The file cannot be made.
        """
        return make_place(self._folders[next(self._given) // _OBJECTS_IN_TURN % len(self._folders)])
