"""The beginnings of many stored data sets, one after the other, while the disk fetches those that come next.

What is received goes past the page cache, so that the first who reads an object waits for the disk. Objects of a
series are read in turn: to say in time which come next is to wait once instead of hundreds of times.
"""

import os
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from archive.errors import NotFound

# Most headers are shorter than the first, nearly all than the second: some scanners write long private elements.
_FIRST_LENGTH: Final = 32 << 10
_LONGEST: Final = 256 << 10
_PAGE: Final = 4096
# So many files are open at a time.
_AHEAD: Final = 32


class Place(NamedTuple):
    """Where a data set is.

    Parameters
    ----------
    path, data_offset
        The file, and how far in the data set begins.
    end
        Where it ends, if somebody will look there soon: behind pixel data of unknown length. Else 0.
    """

    path: Path
    data_offset: int
    end: int = 0


class Beginning(NamedTuple):
    """The first bytes of a data set, and how many it has as a whole."""

    content: bytes
    size: int


class Beginnings:
    """Reads the beginnings of data sets in turn.

    Parameters
    ----------
    places
        Where the data sets are.
    """

    def __init__(self, places: Sequence[Place]) -> None:
        self._places = places
        self._length = _FIRST_LENGTH
        self._open: deque[tuple[int | None, int]] = deque()

    def grow(self) -> None:
        """Read more of each from here on."""
        self._length = min(2 * self._length, _LONGEST)

    def __iter__(self) -> Iterator[Beginning]:
        """Yield what the data sets begin with.

        Raises
        ------
        NotFound
            A file is gone; raised when it is its turn.
        """
        coming = iter(self._places)
        try:
            self._ask_for(coming, _AHEAD)
            while self._open:
                yield self._read(*self._open[0])
                self._close_first()
                self._ask_for(coming, 1)
        finally:
            while self._open:
                self._close_first()

    def _ask_for(self, coming: Iterator[Place], count: int) -> None:
        for place in islice(coming, count):
            self._open.append((self._opened(place), place.data_offset))

    def _opened(self, place: Place) -> int | None:
        descriptor = None
        with suppress(FileNotFoundError):
            descriptor = os.open(place.path, os.O_RDONLY | os.O_CLOEXEC)
            os.posix_fadvise(descriptor, 0, place.data_offset + self._length, os.POSIX_FADV_WILLNEED)
            if place.end:
                os.posix_fadvise(descriptor, max(place.end - _PAGE, 0), _PAGE, os.POSIX_FADV_WILLNEED)
        return descriptor

    def _read(self, descriptor: int | None, offset: int) -> Beginning:
        if descriptor is None:
            raise NotFound("The file of this object is missing.")
        size = os.fstat(descriptor).st_size - offset
        return Beginning(os.pread(descriptor, self._length, offset), max(size, 0))

    def _close_first(self) -> None:
        descriptor, _ = self._open.popleft()
        if descriptor is not None:
            os.close(descriptor)
