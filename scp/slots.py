"""How many associations may be open at once, over all listener processes of a node.

A slot is a lock on one byte of a file that stays empty. The kernel frees the locks of a process that dies, however it
dies, so that no slot leaks and nothing has to be counted back.
"""

import fcntl
import os
import threading
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

# Each peer has its own row of bytes, far beyond the row that counts all associations.
_ROW: Final = 1 << 16
_PEER_ROWS: Final = 1 << 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """The places an association holds."""

    offsets: tuple[int, ...]


class Slots:
    """Association slots shared by the processes that open the same file.

    Parameters
    ----------
    path
        The lock file; made when it is not there.
    total, per_peer
        The limits.
    """

    def __init__(self, path: Path, *, total: int, per_peer: int) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._total = min(total, _ROW)
        self._per_peer = min(per_peer, _ROW)
        # Locks belong to the process: among its own threads the set decides.
        self._held: set[int] = set()
        self._guard = threading.Lock()

    def take(self, peer: str) -> Slot | None:
        """Take a slot for an association of `peer`, or none when a limit is reached."""
        row = 1 + zlib.crc32(peer.encode()) % _PEER_ROWS
        with self._guard:
            own = self._take_one(0, self._total)
            if own is None:
                return None
            of_peer = self._take_one(row * _ROW, self._per_peer)
            if of_peer is None:
                self._free(own)
                return None
        return Slot(offsets=(own, of_peer))

    def give_back(self, slot: Slot) -> None:
        """Free what `take` gave."""
        with self._guard:
            for offset in slot.offsets:
                self._free(offset)

    def close(self) -> None:
        """Close the file, which frees all slots of this process."""
        os.close(self._file)

    def _take_one(self, first: int, count: int) -> int | None:
        for offset in range(first, first + count):
            if offset not in self._held and self._lock(offset):
                self._held.add(offset)
                return offset
        return None

    def _lock(self, offset: int) -> bool:
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, offset)
        except BlockingIOError:
            return False
        return True

    def _free(self, offset: int) -> None:
        fcntl.lockf(self._file, fcntl.LOCK_UN, 1, offset)
        self._held.discard(offset)
