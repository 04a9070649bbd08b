"""The stream of a stored video: the fragments of its pixel data as one file (PS3.5 Sections 8.2.5 and A.4.5 on)."""

import os
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path
from typing import Final

from archive.dataset_buffer import data_set_buffer
from archive.element_stream import fragments
from archive.errors import NotFound, NotTranscodable
from archive.pixels import ImagePixels, read_pixels
from archive.retrieve import StoredInstance
from dicomweb.ranges import Content

Span = tuple[int, int]

_PIECE: Final = 1 << 20
_BOX_HEADER: Final = 16
_LARGE_BOX: Final = 1


@dataclass(frozen=True, slots=True)
class StoredStream:
    """Where the stream of a video stands.

    Parameters
    ----------
    path
        The file of the object.
    spans
        Start and length of each fragment in the file.
    pixels
        What the data set says of it.
    """

    path: Path
    spans: Sequence[Span]
    pixels: ImagePixels

    @property
    def size(self) -> int:
        """Number of bytes."""
        return sum(length for _, length in self.spans)

    @contextmanager
    def open(self) -> Iterator[int]:
        """Open the file."""
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError as error:
            raise NotFound("The file of this object is missing.") from error
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def read(self, start: int, length: int) -> Iterator[bytes]:
        """Yield bytes from a position of the stream on."""
        ends = list(accumulate(size for _, size in self.spans))
        end = start + length
        with self.open() as descriptor:
            while start < end:
                number = bisect_right(ends, start)
                offset, size = self.spans[number]
                count = min(_PIECE, ends[number] - start, end - start)
                piece = os.pread(descriptor, count, offset + size - (ends[number] - start))
                if len(piece) < count:
                    raise NotFound("The file of this object is shorter than it was.")
                start += count
                yield piece

    def content(self, media_type: str) -> Content:
        """Give the stream as it is."""
        return Content(media_type=media_type, size=self.size, read=self.read)

    def as_mp4(self) -> "StoredStream | None":
        """Give it without the byte that makes its length even, if it is an MP4 file (ISO/IEC 14496-12 Section 4.2)."""
        position, size = 0, self.size
        while position + _BOX_HEADER <= size:
            header = b"".join(self.read(position, _BOX_HEADER))
            if position == 0 and header[4:8] != b"ftyp":
                return None
            length = int.from_bytes(header[:4], "big")
            if length == _LARGE_BOX:
                length = int.from_bytes(header[8:], "big")
            if length < _BOX_HEADER // 2:
                # The last box may go on to the end; others are damaged, which players see for themselves.
                return self
            position += length
        if position + 1 != size:
            return self
        start, length = self.spans[-1]
        return replace(self, spans=[*self.spans[:-1], (start, length - 1)])


def stored_stream(path: Path, instance: StoredInstance) -> StoredStream:
    """Find the stream of a video.

    Raises
    ------
    NotFound
        There is no pixel data, or its file is missing.
    NotTranscodable
        The pixel data is not encapsulated.
    """
    with data_set_buffer(path, instance.data_offset, instance.transfer_syntax_uid) as buffer:
        pixels = read_pixels(buffer, instance.transfer_syntax_uid)
        if not pixels.encapsulated:
            raise NotTranscodable("The video is not encapsulated.")
        _table, *items = fragments(buffer, pixels.position)
    spans = [(instance.data_offset + start, length) for start, length in items if length]
    if not spans:
        raise NotTranscodable("The pixel data has no fragments.")
    return StoredStream(path, spans, pixels)
