"""Pictures that were made before anybody asked: a file for each series, which the web processes read.

The pictures stand one after the other, behind them where each begins, and at the end where that list begins. A picture
goes by the name of its blob, which no other object ever has: a file that is out of date is never wrong, it only has
less in it than it could.
"""

import hashlib
import json
import os
import struct
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from archive.names import new_name
from dicomweb.caching import SizedCache
from dicomweb.reading_at_once import NotAtHand, read_at_once

_SUFFIX: Final = ".pictures"
_MADE_SUFFIX: Final = ".making"
# Another number when the same request gives another picture than before.
_EDITION: Final = 1
_END: Final = struct.Struct(">IQ8s")
_MARK: Final = b"pictures"
_LONGEST_LIST: Final = 16 << 20
_KNOWN_LISTS_BYTES: Final = 16 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What is in the file of a series.

    Parameters
    ----------
    series_id, state
        The series, and what it was made of.
    places
        Start and length of each picture, by its name.
    size_bytes
        Of the list of them, as it is written.
    """

    series_id: int
    state: str
    places: Mapping[str, tuple[int, int]]
    size_bytes: int


class PreparedPictures:
    """The pictures of all series in a folder.

    Parameters
    ----------
    folder
        Where their files are; it may be missing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._known: SizedCache[tuple[tuple[int, int, int], Contents]] = SizedCache(
            lambda known: known[1].size_bytes, _KNOWN_LISTS_BYTES
        )

    def path(self, series_uid: str) -> Path:
        """Give the file of a series: no text of a sender is part of its name."""
        return self.folder / f"{hashlib.sha256(series_uid.encode()).hexdigest()[:32]}{_SUFFIX}"

    def get(self, series_uid: str, name: str, *, waits: bool = True) -> bytes | None:
        """Give a picture, if it is there.

        Parameters
        ----------
        series_uid
            Its series.
        name
            What it is called (`picture_names.prepared_name`).
        waits
            Whether this is a thread that may wait for a disk; otherwise only what is in memory is given.
        """
        path = self.path(series_uid)
        try:
            file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            place = self._contents(path, file, waits=waits).places.get(name)
            if place is None:
                return None
            if not waits:
                return bytes(read_at_once(file, *place))
            content = os.pread(file, place[1], place[0])
            return content if len(content) == place[1] else None
        except (OSError, ValueError, NotAtHand):
            # Whoever asks has the picture made: nothing that is wrong here shall be in the way of that.
            return None
        finally:
            os.close(file)

    def files(self) -> list[Path]:
        """List the files of series, and those that were left behind unfinished."""
        try:
            return list(self.folder.iterdir())
        except OSError:
            return []

    @staticmethod
    def is_unfinished(path: Path) -> bool:
        """Tell whether a file of the folder is being written, or was left while it was."""
        return path.suffix == _MADE_SUFFIX

    def contents(self, path: Path) -> Contents | None:
        """Tell what is in a file of the folder; none when it is not whole, or not of this edition."""
        try:
            file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            return self._contents(path, file)
        except (OSError, ValueError):
            return None
        finally:
            os.close(file)

    def _contents(self, path: Path, file: int, *, waits: bool = True) -> Contents:
        status = os.fstat(file)
        identity = status.st_ino, status.st_size, status.st_mtime_ns
        known = self._known.get(path)
        if known is None or known[0] != identity:
            if not waits:
                raise NotAtHand
            known = identity, _read_contents(file, status.st_size)
            self._known.put(path, known)
        return known[1]


def _read_contents(file: int, size: int) -> Contents:
    end = os.pread(file, _END.size, max(0, size - _END.size))
    edition, start, mark = _END.unpack(end) if len(end) == _END.size else (0, 0, b"")
    length = size - _END.size - start
    if edition != _EDITION or mark != _MARK or not 0 < length <= _LONGEST_LIST:
        raise ValueError("no file of pictures of this edition")
    listed = json.loads(os.pread(file, length, start))
    return Contents(
        series_id=listed["series_id"],
        state=listed["state"],
        places={name: (start, length) for name, start, length in listed["pictures"]},
        size_bytes=length,
    )


class PictureFile:
    """The file of a series while it is written: it is there for others when all is in it.

    Parameters
    ----------
    path
        Where it will be.
    series_id, state
        The series, and what it is made of.
    """

    def __init__(self, path: Path, *, series_id: int, state: str) -> None:
        self._path = path
        self._made = path.with_name(f"{new_name()}{_MADE_SUFFIX}")
        self._listed = {"series_id": series_id, "state": state}
        self._places: list[tuple[str, int, int]] = []
        self._file = self._made.open("xb")
        self.size = 0

    @property
    def count(self) -> int:
        """Number of pictures in it."""
        return len(self._places)

    def add(self, name: str, picture: bytes) -> None:
        """Write a picture."""
        self._file.write(picture)
        self._places.append((name, self.size, len(picture)))
        self.size += len(picture)

    def finish(self) -> None:
        """Write the list, and give the file its name; one without pictures is not kept."""
        if self._places:
            listed = json.dumps({**self._listed, "pictures": self._places}).encode()
            self._file.write(listed + _END.pack(_EDITION, self.size, _MARK))
            self._file.flush()
            # After a loss of power it is there whole or not at all: pictures with holes would be shown as they are.
            os.fdatasync(self._file.fileno())
            self._made.replace(self._path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._file.close()
        with suppress(FileNotFoundError):
            self._made.unlink()
