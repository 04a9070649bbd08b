"""Room on the disk that a file has before it is written: nobody waits then for the file system to lengthen it."""

import ctypes
import os
import threading
from typing import Final

from archive.spool_files import Place
from archive.storage_errors import storage_error

# Of a place that lies ready; there are some dozens.
_MOST_IN_ADVANCE: Final = 1 << 20


def _fallocate() -> "ctypes._NamedFuncPointer | None":
    # Not `os.posix_fallocate`: where a file system cannot reserve space, that writes zeros instead.
    function = getattr(ctypes.CDLL(None), "fallocate64", None)
    if function is not None:
        function.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)
    return function


_reserve: Final = _fallocate()


def reserve(descriptor: int, offset: int, size: int) -> bool:
    """Reserve room in a file, which is as long afterwards; tells whether the disk has given all of it.

    A disk that is nearly full may have given a part, and made the file as long.

    Parameters
    ----------
    descriptor
        The open file.
    offset, size
        The part, in bytes.
    """
    return _reserve is not None and _reserve(descriptor, 0, offset, size) == 0


class ExpectedSize:
    """How large the next object probably is: an association mostly sends images of one size."""

    def __init__(self) -> None:
        self._of_threads = threading.local()
        self.of_process = 0
        """That of any thread, in bytes; 0 when it is small."""

    @property
    def of_thread(self) -> int:
        """That of this thread, in bytes; 0 when there was no large one yet."""
        return getattr(self._of_threads, "size", 0)

    def note(self, size: int) -> None:
        """Say how large a large object was, in bytes."""
        self._of_threads.size = self.of_process = size

    def note_small(self) -> None:
        """Say that a small one came, which needs no room."""
        self.of_process = 0


EXPECTED: Final = ExpectedSize()


def with_room(place: Place) -> Place:
    """Give a new place the room that the next object probably needs.

    Raises
    ------
    StorageFull, StorageFailed
        The disk fails; the place is no more.
    """
    size = EXPECTED.of_process
    if not 0 < size <= _MOST_IN_ADVANCE:
        return place
    if reserve(place.descriptor, 0, size):
        return place._replace(reserved=size)
    try:
        # It may have got a part: others need that more.
        os.ftruncate(place.descriptor, 0)
    except OSError as error:
        place.discard()
        raise storage_error(error) from error
    return place
