"""Locks on open files, which the kernel frees when their process dies."""

import fcntl
from typing import IO


def lock_at_once(file: "int | IO[bytes]") -> bool:
    """Lock a file against all others, or tell that somebody else has it.

    Parameters
    ----------
    file
        Open, or its descriptor; closing it lets go of the lock.

    Raises
    ------
    OSError
        The file system has no locks.
    """
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
