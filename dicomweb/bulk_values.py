"""The bulk data of one instance: values by their place, as content that is read from the file in pieces."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import numpy as np

from archive.dataset_buffer import data_set_buffer
from archive.element_stream import Token, fragments
from archive.encodings import EXPLICIT_VR_LITTLE_ENDIAN, PIXEL_DATA, UNDEFINED, encoding_of, is_deflated
from archive.errors import NotFound
from archive.file_spans import Piece, file_span
from archive.retrieve import StoredInstance
from archive.value_representations import NUMBER_BYTES
from dicomweb.frame_formats import OCTETS, FrameFormat, compressed_media_type
from dicomweb.frame_source import FrameSource
from dicomweb.header_json import bulk_places, find_value, header_json
from dicomweb.locating import file_of
from dicomweb.ranges import Content, content_of
from dicomweb.services import Services

Place = Sequence[int]

PIXELS: Final = (PIXEL_DATA,)
_CHUNK: Final = 1 << 20
NATIVE_PIXELS: Final = FrameFormat(OCTETS, EXPLICIT_VR_LITTLE_ENDIAN)


class BulkValues:
    """Reads the bulk data of one instance.

    Parameters
    ----------
    services
        Where files are.
    instance
        Whose values.
    """

    def __init__(self, services: Services, instance: StoredInstance) -> None:
        self._services = services
        self._instance = instance
        self._path = file_of(services, instance)
        self._syntax = instance.transfer_syntax_uid

    def places(self) -> list[tuple[int, ...]]:
        """List the places of all bulk data: of what stands behind a URI in the metadata."""
        with data_set_buffer(self._path, self._instance.data_offset, self._syntax) as buffer:
            return bulk_places(header_json(buffer, self._syntax, ""))

    def content(self, place: Place) -> Content:
        """Give the value at a place: as it is stored, but in little endian (PS3.18 Section 8.7.3.3).

        Raises
        ------
        NotFound
            There is no such value.
        """
        with data_set_buffer(self._path, self._instance.data_offset, self._syntax) as buffer:
            token = find_value(buffer, self._syntax, place)
            if token is None:
                raise NotFound("There is no such value.")
            if token.length == UNDEFINED:
                return self._fragments(buffer, token)
            if encoding_of(self._syntax).big_endian:
                return self._reordered(buffer, token, place)
        return Content(
            media_type=OCTETS, size=token.length, read=lambda at, size: self._read(token.position + at, size)
        )

    def _fragments(self, buffer: memoryview, token: Token) -> Content:
        """Join the fragments of an icon, whose pixels are encoded as those of the image."""
        _, *spans = fragments(buffer, token.position)
        media_type = f"{compressed_media_type(self._syntax)};transfer-syntax={self._syntax}"
        return content_of(b"".join(buffer[start : start + length] for start, length in spans), media_type)

    def _reordered(self, buffer: memoryview, token: Token, place: Place) -> Content:
        if tuple(place) == PIXELS:
            source = FrameSource(self._services, self._instance)
            frames = (piece for frame in source.read(range(1, source.count + 1), NATIVE_PIXELS) for piece in frame)
            # Pieces of this retired syntax are not found by position.
            return Content(media_type=OCTETS, size=token.length, read=lambda at, size: _slice(frames, at, size))
        value = bytes(buffer[token.position : token.position + token.length])
        number_bytes = NUMBER_BYTES.get(token.vr, 1)
        if number_bytes > 1 and len(value) % number_bytes == 0:
            value = np.frombuffer(value, f">u{number_bytes}").astype(f"<u{number_bytes}").tobytes()
        return content_of(value, OCTETS)

    def _read(self, position: int, length: int) -> Iterator[Piece]:
        if not is_deflated(self._syntax):
            yield from file_span(self._path, self._instance.data_offset + position, length)
            return
        with data_set_buffer(self._path, self._instance.data_offset, self._syntax) as buffer:
            for start in range(position, position + length, _CHUNK):
                yield bytes(buffer[start : min(start + _CHUNK, position + length)])


def _slice(pieces: Iterable[bytes | memoryview], start: int, length: int) -> Iterator[bytes]:
    """Yield a part of what comes in pieces, and zeros for what is missing at its end: the padding of the value."""
    position = 0
    for piece in pieces:
        low, high = max(start - position, 0), min(start + length - position, len(piece))
        if low < high:
            yield bytes(piece[low:high])
        position += len(piece)
    missing = start + length - max(position, start)
    if missing > 0:
        yield bytes(missing)
