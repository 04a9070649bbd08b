"""Starts writing a file to the disk before anybody asks for it to be there, so that the flush finds little to do."""

import ctypes
from collections.abc import Callable
from typing import Final

# Linux: begin, but do not wait (sync_file_range(2)). A hint: what makes the bytes safe is the flush that follows.
_SYNC_FILE_RANGE_WRITE: Final = 2


def _sync_file_range() -> Callable[[int, int, int, int], int] | None:
    function = getattr(ctypes.CDLL(None), "sync_file_range", None)
    if function is not None:
        function.argtypes = (ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint)
    return function


_start: Final = _sync_file_range()


def start_writeback(descriptor: int, offset: int, size: int) -> None:
    """Let the kernel begin to write a part of a file; without such a call on this system it begins when it likes.

    Parameters
    ----------
    descriptor
        An open file.
    offset, size
        The part, in bytes.
    """
    if _start is not None:
        _start(descriptor, offset, size, _SYNC_FILE_RANGE_WRITE)
