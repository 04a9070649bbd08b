"""A file of the spool: new, empty, and locked so that a sweep leaves it alone."""

import os
from contextlib import suppress
from typing import Final, NamedTuple

from archive.file_locks import lock_at_once
from archive.names import new_name
from archive.storage_errors import storage_error

SUFFIX: Final = ".part"


class Place(NamedTuple):
    """A file of the spool without content: its path, its open, locked descriptor, and how much room it has in bytes."""

    location: str
    descriptor: int
    reserved: int = 0

    def discard(self) -> None:
        """Remove the file."""
        remove(self.location)
        # A failing disk may say so once more; the descriptor is closed all the same (close(2)).
        with suppress(OSError):
            os.close(self.descriptor)


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
            if lock_at_once(descriptor) and os.fstat(descriptor).st_nlink:
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
