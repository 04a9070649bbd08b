"""Writing the pictures of a series into a file that others see when all is in it."""

import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from archive.file_locks import lock_at_once
from archive.names import new_name
from dicomweb.rendering.prepared import PicturesHead, edition, list_of

UNFINISHED_SUFFIX: Final = ".making"
"""Of the names of files that are being written, or were left while they were."""


class PictureFile:
    """The file of a series while it is written. Whoever writes holds a lock on it, which ends with the process.

    Parameters
    ----------
    path
        Where it will be.
    series_id, state
        The series, and what it is made of.
    """

    def __init__(self, path: Path, *, series_id: int, state: str) -> None:
        self._path = path
        self._places: list[tuple[str, int, int]] = []
        self.size = 0
        self._made, self._file = _locked_file(path)
        self._head = PicturesHead(series_id=series_id, state=state, edition=edition())

    @property
    def count(self) -> int:
        """Number of pictures in it."""
        return len(self._places)

    def add(self, name: str, picture: bytes) -> None:
        """Write a picture."""
        if not self._places:
            self._write(self._head.line())
        self._places.append((name, self.size, len(picture)))
        self._write(picture)

    def finish(self) -> None:
        """Write the list, and give the file its name; one without pictures is kept too: nobody tries again."""
        if not self._places:
            self._write(self._head.line())
        self._write(list_of(self._places, self.size))
        # After a loss of power it is there whole or not at all: pictures with holes would be shown as they are.
        os.fdatasync(self._file)
        self._made.replace(self._path)

    def _write(self, content: bytes) -> None:
        self.size += len(content)
        left = memoryview(content)
        while left:
            left = left[os.write(self._file, left) :]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        with suppress(FileNotFoundError):
            self._made.unlink()
        os.close(self._file)


def _locked_file(path: Path) -> tuple[Path, int]:
    """Make a file beside `path` and lock it, before `remove_abandoned` takes it for one that nobody writes."""
    while True:
        made = path.with_name(f"{new_name()}{UNFINISHED_SUFFIX}")
        file = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            if lock_at_once(file) and os.fstat(file).st_nlink:
                return made, file
        except OSError:
            os.close(file)
            raise
        os.close(file)


def remove_abandoned(path: Path) -> None:
    """Remove an unfinished file that nobody writes any more, under its lock: who has just made it sees that."""
    # Finished or removed meanwhile, or it cannot be removed.
    with suppress(OSError), path.open("rb") as file:
        if lock_at_once(file):
            path.unlink()
