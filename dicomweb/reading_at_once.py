"""Reading from a file what the kernel has in memory: only that may be done where all requests wait for it."""

import os
from typing import Final

import numpy as np

# To copy more would hold up other requests for longer than a change of thread takes.
_MOST_AT_ONCE: Final = 1 << 20
_DO_NOT_WAIT: Final = getattr(os, "RWF_NOWAIT", None)


class NotAtHand(Exception):
    """What is asked for has to be waited for: looked for, read from a disk, or worked on."""


def read_at_once(file: int, position: int, length: int) -> memoryview:
    """Read from the kernel's memory.

    Raises
    ------
    NotAtHand
        All of it or a part is not there, or it is too much.
    """
    if _DO_NOT_WAIT is None or not 0 < length <= _MOST_AT_ONCE:
        raise NotAtHand
    content = np.empty(length, np.uint8).data
    try:
        read = os.preadv(file, [content], position, _DO_NOT_WAIT)
    except OSError as error:
        # Not every file system can say so without waiting.
        raise NotAtHand from error
    if read < length:
        raise NotAtHand
    return content
