"""Where the bytes of a data set come from: a file, or the inflated content of one. Memory stays flat in both."""

import os
import zlib
from typing import Final, Protocol

from archive.errors import NotParsable, ObjectTooLarge

_CHUNK: Final = 65_536
UNKNOWN_SIZE: Final = 1 << 62


class Source(Protocol):
    """Bytes of one data set, read forwards."""

    @property
    def size(self) -> int:
        """Size in bytes; `UNKNOWN_SIZE` until the end was seen."""

    def read(self, position: int, count: int) -> bytes:
        """Return up to `count` bytes from `position`; fewer only at the end."""


class FileSource:
    """The bytes of a file from `data_offset` on, read by position, so that large values are skipped, not read.

    Parameters
    ----------
    descriptor
        The open file.
    data_offset
        Where they begin.
    """

    def __init__(self, descriptor: int, data_offset: int) -> None:
        self._descriptor = descriptor
        self._data_offset = data_offset
        self.size = os.fstat(descriptor).st_size - data_offset

    def read(self, position: int, count: int) -> bytes:
        """Return up to `count` bytes from `position`."""
        return os.pread(self._descriptor, count, self._data_offset + position)


class InflatingSource:
    """The content of a deflated data set (PS3.5 Section A.5). What lies behind the position asked for is forgotten."""

    def __init__(self, compressed: Source, limit: int) -> None:
        self._compressed = compressed
        self._limit = limit
        self._inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        self._input = b""
        self._input_position = 0
        self._window = b""
        self._window_position = 0
        self.size = UNKNOWN_SIZE

    def read(self, position: int, count: int) -> bytes:
        """Return up to `count` bytes from `position`, which must not lie before the last position asked for."""
        while self.size == UNKNOWN_SIZE and self._window_end < position:
            self._forget(self._window_end)
            self._inflate()
        self._forget(position)
        while self.size == UNKNOWN_SIZE and self._window_end < position + count:
            self._inflate()
        return self._window[:count] if position == self._window_position else b""

    @property
    def _window_end(self) -> int:
        return self._window_position + len(self._window)

    def _forget(self, position: int) -> None:
        passed = min(position - self._window_position, len(self._window))
        self._window = self._window[passed:]
        self._window_position += passed

    def _inflate(self) -> None:
        if not self._input:
            self._input = self._compressed.read(self._input_position, _CHUNK)
            self._input_position += len(self._input)
            if not self._input:
                raise NotParsable("The deflated data set is truncated.")
        try:
            self._window += self._inflater.decompress(self._input, _CHUNK)
        except zlib.error as error:
            raise NotParsable("The data set is not validly deflated.") from error
        self._input = self._inflater.unconsumed_tail
        if self._window_end > self._limit:
            raise ObjectTooLarge("The deflated data set is too large when inflated.")
        if self._inflater.eof:
            self.size = self._window_end
