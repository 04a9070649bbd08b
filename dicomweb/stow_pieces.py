"""Where metadata and bulk data of a STOW-RS request wait until all of them are there: on the volume of the spool."""

import io
import mmap
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from archive.storage_errors import storage_error

_COLLECT_BYTES: Final = 1 << 20


class Span(NamedTuple):
    """A piece: where it begins, and its size in bytes."""

    start: int
    size: int


class Pieces:
    """One file for all pieces of a request. It has no name, so that nothing of it can stay behind, whatever happens.

    Parameters
    ----------
    folder
        On the volume where it takes its space.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: io.FileIO | None = None
        self._pending = bytearray()
        self._begin = self._end = 0

    def begin(self) -> None:
        """Begin a piece.

        Raises
        ------
        StorageFull, StorageFailed
            Nothing can be written.
        """
        if self._file is None:
            try:
                # Closed by `close`: it lives as long as the request.
                self._file = tempfile.TemporaryFile(dir=self._folder, buffering=0)  # noqa: SIM115
            except OSError as error:
                raise storage_error(error) from error
        self._begin = self._end

    def write(self, data: bytes) -> None:
        """Append bytes to the piece.

        Raises
        ------
        StorageFull, StorageFailed
            The disk did not take them.
        """
        self._pending += data
        if len(self._pending) >= _COLLECT_BYTES:
            self._flush()

    def end(self) -> Span:
        """End the piece, so that it can be read.

        Raises
        ------
        StorageFull, StorageFailed
            The disk did not take it.
        """
        self._flush()
        return Span(self._begin, self._end - self._begin)

    def read(self, span: Span) -> Iterator[bytes]:
        """Yield the bytes of a piece."""
        for position in range(span.start, sum(span), _COLLECT_BYTES):
            yield self.read_at(Span(position, min(_COLLECT_BYTES, sum(span) - position)))

    def read_at(self, span: Span) -> bytes:
        """Give the bytes of a small piece, or of a part of one."""
        try:
            return os.pread(self._descriptor, span.size, span.start)
        except OSError as error:
            raise storage_error(error) from error

    @contextmanager
    def mapped(self) -> Iterator[mmap.mmap]:
        """Give all pieces as one buffer, without reading them."""
        with mmap.mmap(self._descriptor, 0, access=mmap.ACCESS_READ) as whole:
            yield whole

    def close(self) -> None:
        """Give the space back."""
        if self._file is not None:
            self._file.close()
            self._file = None

    @property
    def _descriptor(self) -> int:
        return -1 if self._file is None else self._file.fileno()

    def _flush(self) -> None:
        pending, self._pending = memoryview(bytes(self._pending)), bytearray()
        try:
            while pending:
                written = os.pwrite(self._descriptor, pending, self._end)
                self._end += written
                pending = pending[written:]
        except OSError as error:
            raise storage_error(error) from error
