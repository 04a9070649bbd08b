"""The object files: where they are, and how they come to be there for good.

A key is a random name made by the node; no text of a sender is ever part of a path.
"""

import os
import re
import secrets
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import BinaryIO, Final, Self

from archive.errors import StorageFull
from archive.marks import Mark, Marks, abandoned
from archive.names import new_name
from archive.placement import spread_subfolders
from archive.storage_errors import storage_error

_FOLDERS: Final = tuple(f"{number:02x}" for number in range(256))
# Many, put apart by the file system: files are made where few were removed lately.
_SPOOL_FOLDERS: Final = _FOLDERS[:64]
_KEY: Final = re.compile(r"[0-9a-f]{2}/[0-9a-f]{32}\.dcm")
_SPACE_CHECK_SECONDS: Final = 1.0
# So many objects in turn go to one folder: one flush makes the names of all durable that were given before it.
_OBJECTS_IN_TURN: Final = 256
_CLOCK_MILLISECONDS: Final = 60_000


class FileBlobs:
    """Object files below one folder: `ab/<32 hexadecimal digits>.dcm`, and `spool/ab/` for what is being received.

    Parameters
    ----------
    root
        The folder; it is made if it is missing.
    reserved_bytes
        Free space below which nothing more is taken, so that database and logs still have room.
    marks
        Where the processes of this machine mark the folders they write; beside `root` when it is left out.

    Raises
    ------
    StorageFailed
        The folder cannot be written.
    """

    def __init__(self, root: Path, *, reserved_bytes: int = 0, marks: Path | None = None) -> None:
        self.root = root
        self.spool_folder = root / "spool"
        self._marks_folder = marks or root.with_name(f"{root.name}-marks")
        self._reserved_bytes = reserved_bytes
        self._space_checked = 0.0
        self._free_bytes = 0
        self._given = count()
        self._folder = ""
        self._turning = threading.Lock()
        self._folders = _OpenFolders(root)
        try:
            self.spool_folder.mkdir(parents=True, exist_ok=True)
            spread_subfolders(self.spool_folder)
            for folder in self.spool_folders:
                os.makedirs(folder, exist_ok=True)  # noqa: PTH103 - most often they are there
            self._marks = Marks(self._marks_folder)
            _sync_folder(root)
        except OSError as error:
            raise storage_error(error) from error

    def close(self) -> None:
        """Close the folders."""
        self._marks.close()
        self._folders.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    @property
    def spool_folders(self) -> tuple[str, ...]:
        """The folders in which objects are received."""
        return tuple(f"{self.spool_folder}/{name}" for name in _SPOOL_FOLDERS)

    def new_key(self) -> str:
        """Return a name for a new object. Names in a folder are in the order of time, to the millisecond.

        Raises
        ------
        StorageFull, StorageFailed
            Nothing can be written.
        """
        if not next(self._given) % _OBJECTS_IN_TURN or not self._folder:
            self._turn_to_another_folder()
        return f"{self._folder}/{_milliseconds()}{new_name()}.dcm"

    def _turn_to_another_folder(self) -> None:
        folder = secrets.choice(_FOLDERS)
        try:
            with self._turning:
                self._marks.enter(Mark(folder=folder, since=_milliseconds()))
                _sync_folder(self._marks_folder)
            self._folders.descriptor(folder)
        except OSError as error:
            raise storage_error(error) from error
        self._folder = folder

    def keys_in_doubt(self) -> Iterator[str]:
        """Yield the keys that a process may have given shortly before it died; they are in doubt only once."""
        for mark in abandoned(self._marks_folder):
            # Clocks are set back by a little now and then.
            since = f"{max(int(mark.since, 16) - _CLOCK_MILLISECONDS, 0):012x}"
            yield from (key for key in self._keys_in(mark.folder) if key[3:] >= since)

    def path(self, key: str) -> Path:
        """Return the path of an object.

        Raises
        ------
        ValueError
            The key was not made by this class.
        """
        if not _KEY.fullmatch(key):
            raise ValueError("not a key of this store")
        return self.root / key

    def open(self, key: str) -> BinaryIO:
        """Open an object for reading."""
        return self.path(key).open("rb")

    def is_there(self, key: str) -> bool:
        """Tell whether an object has its file."""
        return self.path(key).exists()

    def keep(self, spooled: Path | str, key: str) -> None:
        """Give a finished, synced file its final name. The name is durable after `sync_names`."""
        try:
            os.rename(spooled, f"{self.root}/{key}")  # noqa: PTH104 - Path would parse both names again
        except OSError as error:
            raise storage_error(error) from error

    def sync_names(self, keys: Iterable[str]) -> None:
        """Make the names of objects durable."""
        try:
            for folder in {key[:2] for key in keys}:
                os.fsync(self._folders.descriptor(folder))
        except OSError as error:
            raise storage_error(error) from error

    def remove(self, key: str) -> None:
        """Remove an object; one that is gone already is fine."""
        self.path(key).unlink(missing_ok=True)

    def keys(self) -> Iterator[str]:
        """Yield the keys of all files, folder by folder."""
        for folder in _FOLDERS:
            yield from self._keys_in(folder)

    def _keys_in(self, folder: str) -> Iterator[str]:
        with suppress(FileNotFoundError), os.scandir(self.root / folder) as entries:
            yield from (key for entry in entries if _KEY.fullmatch(key := f"{folder}/{entry.name}"))

    @property
    def free_bytes(self) -> int:
        """Free space for this process, at most a second old."""
        now = time.monotonic()
        if now - self._space_checked > _SPACE_CHECK_SECONDS:
            try:
                status = os.statvfs(self.root)
            except OSError as error:
                raise storage_error(error) from error
            self._free_bytes = status.f_bavail * status.f_frsize
            self._space_checked = now
        return self._free_bytes

    def check_space(self, wanted_bytes: int = 0) -> None:
        """Refuse before the disk is full.

        Raises
        ------
        StorageFull
            Less than the reserve would be left.
        """
        if self.free_bytes - wanted_bytes < self._reserved_bytes:
            raise StorageFull("The reserve of free space is reached.")


class _OpenFolders:
    """The folders of objects, made and opened when they are first written, and kept open.

    Parameters
    ----------
    root
        The folder they are in.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._opened: dict[str, int] = {}
        self._opening = threading.Lock()

    def descriptor(self, name: str) -> int:
        """Return the descriptor of a folder that is there for good.

        Raises
        ------
        OSError
            It cannot be made or opened.
        """
        known = self._opened.get(name)
        if known is not None:
            return known
        with self._opening:
            if name not in self._opened:
                folder = self._root / name
                folder.mkdir(exist_ok=True)
                # Also where another process made it: it may not have come to this yet.
                _sync_folder(self._root)
                self._opened[name] = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            return self._opened[name]

    def close(self) -> None:
        """Close them."""
        while self._opened:
            os.close(self._opened.popitem()[1])


def _milliseconds() -> str:
    return f"{time.time_ns() // 1_000_000:012x}"


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
