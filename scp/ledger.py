"""What the listener processes of a machine know of each other: counts in a file that all of them have mapped.

Each process is an owner with a number, and holds a lock on the byte of that number as long as it lives. The kernel
frees the locks of a process that dies, however it dies, so that what it left in the table is known to be nobody's.
"""

import fcntl
import mmap
import os
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

OWNERS: Final = 256
_WORD: Final = 8
_COLUMNS: Final = 3
# struct flock. These locks belong to the open file, not to the process: two ledgers of one process are two owners.
_LOCK: Final = struct.Struct("hhqqi4x")
_GUARD_BYTE: Final = 0


class Ledger:
    """A table of associations and two counts of connections for each process, shared through a file.

    Parameters
    ----------
    path
        The file; made when it is not there.
    places
        Rows for associations.

    Attributes
    ----------
    owner
        The number of this process, from 1.
    connections, half_open
        One word an owner, written by that owner only.
    owners, callers, addresses
        The columns of the associations; the owner of a free row is 0.
    """

    def __init__(self, path: Path, places: int) -> None:
        self._guard = threading.Lock()
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        size = (2 * OWNERS + _COLUMNS * places) * _WORD
        if os.fstat(self._file).st_size < size:
            os.truncate(self._file, size)
        self._map = mmap.mmap(self._file, size)
        words = memoryview(self._map).cast("Q")
        self.connections, self.half_open = words[:OWNERS], words[OWNERS : 2 * OWNERS]
        table = words[2 * OWNERS :]
        self.owners, self.callers, self.addresses = (table[column::_COLUMNS] for column in range(_COLUMNS))
        self._views = (words, table, self.connections, self.half_open, self.owners, self.callers, self.addresses)
        self.owner = 0
        with self.locked():
            self.owner = self._claim()
            self.forget_dead()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the table: no other thread or process changes what is counted before something is added."""
        with self._guard:
            self._lock(fcntl.F_OFD_SETLKW, fcntl.F_WRLCK, _GUARD_BYTE)
            try:
                yield
            finally:
                self._lock(fcntl.F_OFD_SETLK, fcntl.F_UNLCK, _GUARD_BYTE)

    def forget_dead(self) -> None:
        """Free the rows of processes that have ended; call with the table held."""
        dead = {owner for owner in set(self.owners.tolist()) - {0, self.owner} if not self._lives(owner)}
        for place, owner in enumerate(self.owners.tolist()):
            if owner in dead:
                self.owners[place] = 0
        for index in range(OWNERS):
            if (self.connections[index] or self.half_open[index]) and not self._lives(index + 1):
                self.connections[index] = self.half_open[index] = 0

    def close(self) -> None:
        """Leave: what this process held is free."""
        for view in self._views:
            view.release()
        self._map.close()
        os.close(self._file)

    def _claim(self) -> int:
        for owner in range(1, OWNERS + 1):
            with suppress(BlockingIOError, PermissionError):
                self._lock(fcntl.F_OFD_SETLK, fcntl.F_WRLCK, owner)
                self.connections[owner - 1] = self.half_open[owner - 1] = 0
                for place, before in enumerate(self.owners.tolist()):
                    if before == owner:
                        self.owners[place] = 0
                return owner
        raise OSError(f"more than {OWNERS} listener processes")

    def _lives(self, owner: int) -> bool:
        if owner == self.owner:
            return True
        if owner > OWNERS:
            return False
        found = self._lock(fcntl.F_OFD_GETLK, fcntl.F_WRLCK, owner)
        return bool(_LOCK.unpack(found)[0] != fcntl.F_UNLCK)

    def _lock(self, command: int, kind: int, byte: int) -> bytes:
        return fcntl.fcntl(self._file, command, _LOCK.pack(kind, os.SEEK_SET, byte, 1, 0))
