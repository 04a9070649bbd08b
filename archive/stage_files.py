"""The counts of a process in a file that others read: one file for each process that lives.

A thread writes them every half second. Mapping the file into memory would spare that, but then the thread that counts
would stand still, with the interpreter's lock in its hand, whenever the file system wants to write the page back: just
when the disk is slow.

A process locks its file, and the kernel frees the lock of one that dies, however it dies. The next process of the same
role takes such a file over and counts on, so that files do not pile up and no count ever goes back.
"""

import fcntl
import os
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Final

import structlog

from archive.histograms import Layout, Snapshot

_SUFFIX: Final = ".stages"
# Changes whenever a number gets another place or meaning: files of another version are begun anew.
_VERSION: Final = b"stages01"
_PAUSE_SECONDS: Final = 0.5

_log = structlog.get_logger()


class StageFile:
    """The file of this process, and the row of numbers it is written from.

    Parameters
    ----------
    folder
        Where the files of all processes are; made when it is not there.
    role
        What this process is; part of the file's name.
    layout
        Of the row.

    Raises
    ------
    OSError
        The file cannot be made.
    """

    def __init__(self, folder: Path, role: str, layout: Layout) -> None:
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        self._descriptor = _take(folder, role)
        self._form = _form(layout)
        # Written by everyone who counts, without a lock.
        self.numbers = _adopted(self._descriptor, layout)
        self._written = b""
        self._failed = False
        self._closing = threading.Event()
        self._write()
        self._thread = threading.Thread(target=self._run, name="stages", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Write once more, and let go of the file."""
        self._closing.set()
        self._thread.join()
        self._write()
        os.close(self._descriptor)

    def _run(self) -> None:
        while not self._closing.wait(_PAUSE_SECONDS):
            self._write()

    def _write(self) -> None:
        content = _VERSION + self._form.pack(*self.numbers)
        if content == self._written:
            return
        try:
            os.pwrite(self._descriptor, content, 0)
        except OSError as error:
            # Counting goes on in memory, and the next turn tries again.
            if not self._failed:
                _log.warning("stages_not_written", reason=error.strerror)
            self._failed = True
        else:
            self._written, self._failed = content, False


def read(folder: Path, layout: Layout) -> Snapshot:
    """Return the sum over all processes, those that ended included. Nothing counted there is nothing counted."""
    total = Snapshot(layout=layout, numbers=tuple(layout.empty()))
    for path in sorted(folder.glob(f"*{_SUFFIX}")):
        with _opened(path) as descriptor:
            numbers = _numbers(descriptor, layout)
            if numbers is None:
                continue
            if _is_free(descriptor):
                numbers = _without_levels(numbers, layout)
        total += Snapshot(layout=layout, numbers=numbers)
    return total


def _take(folder: Path, role: str) -> int:
    """Open and lock the first file that no living process has."""
    for number in count(1):
        descriptor = os.open(folder / f"{role}-{number}{_SUFFIX}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
        except OSError:
            os.close(descriptor)
            raise
        else:
            return descriptor
    raise AssertionError("numbers do not end")


def _adopted(descriptor: int, layout: Layout) -> list[int]:
    numbers = _numbers(descriptor, layout)
    if numbers is None:
        os.ftruncate(descriptor, 0)
        return layout.empty()
    return list(_without_levels(numbers, layout))


def _numbers(descriptor: int, layout: Layout) -> tuple[int, ...] | None:
    form = _form(layout)
    content = os.pread(descriptor, len(_VERSION) + form.size + 1, 0)
    if len(content) != len(_VERSION) + form.size or not content.startswith(_VERSION):
        return None
    return form.unpack_from(content, len(_VERSION))


def _without_levels(numbers: tuple[int, ...], layout: Layout) -> tuple[int, ...]:
    return (*numbers[: layout.first_level], *(0 for _ in range(layout.levels)))


def _is_free(descriptor: int) -> bool:
    """Tell whether no process has the file: the lock of its owner belongs to another opening of it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    return True


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _form(layout: Layout) -> struct.Struct:
    return struct.Struct(f"<{layout.length}Q")
