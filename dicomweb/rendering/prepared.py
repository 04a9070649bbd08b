"""Pictures that were made before anybody asked: a file for each series, which the web processes read.

Its first line says of what it was made. The pictures follow one after the other, behind them a list of where each is,
and at the end where that list begins. A picture goes by the name of its blob, which no other object ever has: a file
that is out of date is never wrong, it only has less in it than it could.
"""

import hashlib
import json
import os
import struct
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from dicomweb.caching import SizedCache
from dicomweb.reading_at_once import NotAtHand, read_at_once

SUFFIX: Final = ".pictures"
"""Of the names of files that are whole."""
# Raised when the same request gives another picture than before; so does another version of the package.
_EDITION: Final = 1
_MARK: Final = b"pictures"
# Checksum of the list, where it begins, and what kind of file this is.
_END: Final = struct.Struct(">IQ8s")
_LONGEST_HEAD: Final = 512
_MOST_IDS: Final = 1 << 63
_LONGEST_LIST: Final = 16 << 20
_KNOWN_LISTS_BYTES: Final = 32 << 20
# Of a name and two numbers in a dict, roughly.
_PLACE_BYTES: Final = 300

_Places = Mapping[str, tuple[int, int]]
_Identity = tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class PicturesHead:
    """Of what the pictures of a file were made.

    Parameters
    ----------
    series_id, state
        The series, and what it was made of (`archive.series_pictures`).
    edition
        By what.
    """

    series_id: int
    state: str
    edition: str

    def line(self) -> bytes:
        """Give the first line of the file."""
        return json.dumps(asdict(self)).encode() + b"\n"


@cache
def edition() -> str:
    """Name what makes pictures here: others may look different."""
    return f"{version('isocenter')} {_EDITION}"


class PreparedPictures:
    """The pictures of all series in a folder.

    Parameters
    ----------
    folder
        Where their files are; it may be missing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._known: SizedCache[tuple[_Identity, _Places]] = SizedCache(
            lambda known: _PLACE_BYTES * (len(known[1]) + 1), _KNOWN_LISTS_BYTES
        )

    def path(self, study_uid: str, series_uid: str) -> Path:
        """Give the file of a series: no text of a sender is part of its name."""
        return self.folder / f"{hashlib.sha256(f'{study_uid} {series_uid}'.encode()).hexdigest()[:32]}{SUFFIX}"

    def get(self, study_uid: str, series_uid: str, name: str, *, waits: bool = True) -> bytes | None:
        """Give a picture, if it is there.

        Parameters
        ----------
        study_uid, series_uid
            Its series.
        name
            What it is called (`picture_names.prepared_name`).
        waits
            Whether this is a thread that may wait for a disk; otherwise only what is in memory is given.

        Raises
        ------
        NotAtHand
            To tell whether it is there, and to give it, a disk has to be waited for.
        """
        path = self.path(study_uid, series_uid)
        try:
            file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            place = self._places(path, file, waits=waits).get(name)
            if place is None:
                return None
            if not waits:
                return bytes(read_at_once(file, *place))
            content = os.pread(file, place[1], place[0])
            return content if len(content) == place[1] else None
        except (OSError, ValueError):
            # Whoever asks has the picture made: nothing that is wrong here shall be in the way of that.
            return None
        finally:
            os.close(file)

    def _places(self, path: Path, file: int, *, waits: bool) -> _Places:
        status = os.fstat(file)
        identity = status.st_ino, status.st_size, status.st_mtime_ns
        known = self._known.get(path)
        if known is None or known[0] != identity:
            if not waits:
                raise NotAtHand
            _head_of(os.pread(file, _LONGEST_HEAD, 0))
            known = identity, _read_places(file, status.st_size)
            self._known.put(path, known)
        return known[1]


def read_head(path: Path) -> PicturesHead | None:
    """Tell of what a file was made; none when it is not there, damaged, or was made by something else."""
    try:
        with path.open("rb") as file:
            return _head_of(file.read(_LONGEST_HEAD))
    except (OSError, ValueError):
        return None


def _head_of(beginning: bytes) -> PicturesHead:
    head: Any = json.loads(beginning.partition(b"\n")[0])
    wanted = {"series_id": int, "state": str, "edition": str}
    if not isinstance(head, dict) or {name: type(value) for name, value in head.items()} != wanted:
        raise ValueError("no file of pictures")
    if head["edition"] != edition() or not 0 < head["series_id"] < _MOST_IDS:
        raise ValueError("made by something else")
    return PicturesHead(**head)


def _read_places(file: int, size: int) -> _Places:
    end = os.pread(file, _END.size, max(0, size - _END.size))
    checksum, start, mark = _END.unpack(end) if len(end) == _END.size else (0, 0, b"")
    length = size - _END.size - start
    if mark != _MARK or not 0 < length <= _LONGEST_LIST:
        raise ValueError("no file of pictures")
    content = os.pread(file, length, start)
    if zlib.crc32(content) != checksum:
        raise ValueError("the list is damaged")
    return {name: (start, length) for name, start, length in json.loads(content)}


def list_of(places: list[tuple[str, int, int]], start: int) -> bytes:
    """Give what stands behind the pictures of a file.

    Parameters
    ----------
    places
        Name, start and length of each.
    start
        Where this stands in the file.
    """
    content = json.dumps(places).encode()
    return content + _END.pack(zlib.crc32(content), start, _MARK)
