"""Metadata of whole series: made when a series is complete, kept compressed, made on demand where they are missing.

What is kept is the inside of the JSON array, with one character for the address of the service, which is another one
for each client.
"""

import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from archive.beginnings import Beginning, Beginnings, Place
from archive.blobs import FileBlobs
from archive.database import Database
from archive.dataset_buffer import data_set_buffer
from archive.encodings import (
    EXPLICIT_VR_BIG_ENDIAN,
    EXPLICIT_VR_LITTLE_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
    is_deflated,
)
from archive.retrieve import StoredInstance
from archive.series_metadata import SeriesState, content_of, put, with_instances
from dicomweb.header_text import HeaderTexts
from dicomweb.locating import url_of

# JSON has it nowhere: it would be escaped.
_BASE: Final = "\x01"
_EFFORT: Final = 3
# Longer ones are written anew each time: they are too long for a row of the database.
_LONGEST_KEPT: Final = 16 << 20
_PIECE: Final = 256 << 10
# In these the pixel data says how long it is (PS3.5 Section A.4).
_NATIVE: Final = frozenset({IMPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_BIG_ENDIAN})


class SeriesMetadata:
    """Makes and keeps the metadata of series.

    Parameters
    ----------
    database
        Where they are kept.
    blobs
        Where the files are.
    """

    def __init__(self, database: Database, blobs: FileBlobs) -> None:
        self._database = database
        self._blobs = blobs

    def prepare(self, wanted: SeriesState) -> bytes | None:
        """Make the metadata of a series as it is now, and keep them; returns what is kept, none of too much."""
        state, found = self._database.read(with_instances, wanted)
        content = _compressed(self._written(found))
        self._database.write(put, state, content)
        return content

    def pieces(self, wanted: SeriesState, base: str) -> Iterator[bytes]:
        """Yield the metadata of the instances of a series, divided by commas.

        Parameters
        ----------
        wanted
            The series.
        base
            URL of the service.
        """
        content = self._database.read(content_of, wanted) or self.prepare(wanted)
        if content is None:
            _, found = self._database.read(with_instances, wanted)
            written = self._written(found)
        else:
            written = _inflated(content)
        # As it stands between quotes in JSON.
        address = json.dumps(base, ensure_ascii=False)[1:-1].encode()
        return (piece.replace(_BASE.encode(), address) for piece in written)

    def _written(self, found: Sequence[StoredInstance]) -> Iterator[bytes]:
        texts = HeaderTexts()
        beginnings = Beginnings([self._place(instance) for instance in found])
        divider = b""
        for instance, beginning in zip(found, beginnings, strict=True):
            text = self._from_beginning(texts, instance, beginning)
            if text is None:
                if instance.transfer_syntax_uid in _NATIVE:
                    beginnings.grow()
                text = self._from_all(texts, instance)
            yield divider + text
            divider = b","

    def _place(self, instance: StoredInstance) -> Place:
        end = 0 if instance.transfer_syntax_uid in _NATIVE else instance.data_offset + instance.size
        return Place(self._blobs.path(instance.key), instance.data_offset, end)

    def _from_beginning(self, texts: HeaderTexts, instance: StoredInstance, beginning: Beginning) -> bytes | None:
        syntax, is_all = instance.transfer_syntax_uid, len(beginning.content) == beginning.size
        # Behind encapsulated pixel data there may be more, and how long it is only its end says.
        if syntax not in _NATIVE and (not is_all or is_deflated(syntax)):
            return None
        return texts.write_from_beginning(beginning.content, beginning.size, syntax, url_of(_BASE, instance))

    def _from_all(self, texts: HeaderTexts, instance: StoredInstance) -> bytes:
        path, syntax = self._blobs.path(instance.key), instance.transfer_syntax_uid
        with data_set_buffer(path, instance.data_offset, syntax) as buffer:
            return texts.write(buffer, syntax, url_of(_BASE, instance))


def json_array(series: Iterable[Iterator[bytes]]) -> Iterator[bytes]:
    """Join the metadata of several series in one JSON array."""
    opening = b"["
    for pieces in series:
        yield opening
        yield from pieces
        opening = b","
    yield b"]"


def _compressed(pieces: Iterable[bytes]) -> bytes | None:
    compressor = zlib.compressobj(_EFFORT)
    content = bytearray()
    for piece in pieces:
        content += compressor.compress(piece)
        if len(content) > _LONGEST_KEPT:
            return None
    return bytes(content + compressor.flush())


def _inflated(content: bytes) -> Iterator[bytes]:
    inflater = zlib.decompressobj()
    while not inflater.eof:
        yield inflater.decompress(content, _PIECE)
        content = inflater.unconsumed_tail
