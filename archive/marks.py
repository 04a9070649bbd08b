"""Which folders are being written: what a start looks into first after a process died.

Between a file's name and its row a process may die. To find such files without visiting all, a process marks a folder
before it gives names in it. The kernel frees the lock of a mark when its process ends, however it ends.
"""

import fcntl
import os
import secrets
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

# A process that has gone on by so many folders has committed what it named in the first of them.
_KEPT: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A folder that a dead process was writing.

    Parameters
    ----------
    folder
        Its name.
    since
        Milliseconds since the epoch, hexadecimal: names given in it begin with this or a later time.
    """

    folder: str
    since: str


class Marks:
    """The marks of this process.

    Parameters
    ----------
    root
        Where the marks of all processes are.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._own: deque[tuple[Path, int]] = deque()
        root.mkdir(parents=True, exist_ok=True)

    def enter(self, mark: Mark) -> None:
        """Mark a folder before the first name in it is given.

        Raises
        ------
        OSError
            It cannot be marked.
        """
        self._own.append(self._make(mark))
        if len(self._own) > _KEPT:
            self._leave()

    def close(self) -> None:
        """Remove the marks: everything is committed."""
        while self._own:
            self._leave()

    def _make(self, mark: Mark) -> tuple[Path, int]:
        while True:
            path = self._root / f"{mark.folder}-{mark.since}-{secrets.token_hex(4)}"
            descriptor = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640)
            with suppress(BlockingIOError):
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.fstat(descriptor).st_nlink:
                    return path, descriptor
            # A start came between the two steps and took the mark for one of the dead.
            os.close(descriptor)

    def _leave(self) -> None:
        path, descriptor = self._own.popleft()
        with suppress(OSError):
            path.unlink(missing_ok=True)
        os.close(descriptor)


def abandoned(root: Path) -> Iterator[Mark]:
    """Yield what dead processes marked; each mark is removed when the next is asked for."""
    for path in sorted(root.iterdir()):
        folder, since, _ = path.name.split("-")
        with _taken(path) as is_free:
            if is_free:
                yield Mark(folder=folder, since=since)
                path.unlink(missing_ok=True)


@contextmanager
def _taken(path: Path) -> Iterator[bool]:
    """Lock a mark, if its process lives no more."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        yield False
        return
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
