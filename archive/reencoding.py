"""A data set in another encoding: headers are rewritten, values stay byte for byte, but for byte order and even length.

Nothing is decoded and encoded again, so that what a scanner wrote wrongly arrives just as wrongly (PS3.5 Annex A).
"""

import struct
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from archive.element_stream import Kind, Token, tokens
from archive.encodings import EXPLICIT_LITTLE, IMPLICIT_LITTLE, ITEM, ITEM_END, SEQUENCE_END, UNDEFINED, Encoding
from archive.errors import NotTranscodable
from archive.value_representations import NUMBER_BYTES, vr_of

Write = Callable[[bytes | memoryview], object]

_SHORT: Final = frozenset(b"AE AS AT CS DA DS DT FL FD IS LO LT PN SH SL SS ST TM UI UL US".split())
# Text; all else is padded with NUL (PS3.5 Section 6.2).
_PADDED_WITH_SPACES: Final = frozenset(b"AE AS CS DA DS DT IS LO LT PN SH ST TM UC UR UT".split())
_MAX_SHORT: Final = 0xFFFF
_TAG_AND_LENGTH: Final = struct.Struct("<HHI")
_SHORT_HEADER: Final = struct.Struct("<HH2sH")
_LONG_HEADER: Final = struct.Struct("<HH2sHI")
_PIXEL_REPRESENTATION: Final = 0x00280103
_ONE_NUMBER: Final = 2
_DELIMITERS: Final = 0xFFFE

OFFSET_TABLES: Final = frozenset({0x7FE00001, 0x7FE00002})
"""Extended Offset Table and its lengths: with other pixel data they would be wrong (PS3.3 Section C.7.6.3.1.8)."""


class Reencoder:
    """Writes the elements of a data set in another little endian encoding.

    Parameters
    ----------
    buffer
        The data set.
    source, target
        How it is encoded, and how it shall be.
    write
        Takes the bytes.
    replaced
        Values of elements of the data set itself that are written instead of, or beside, those it has, with VR.
    dropped
        Elements that are left out.
    """

    def __init__(
        self,
        buffer: memoryview,
        source: Encoding,
        target: Encoding,
        write: Write,
        *,
        replaced: Mapping[int, tuple[bytes, bytes]],
        dropped: frozenset[int],
    ) -> None:
        if target.big_endian:
            raise NotTranscodable("Nothing is converted to big endian.")
        self._buffer = buffer
        self._source = source
        self._target = target
        self.write = write
        self._pending = dict(sorted(replaced.items()))
        self._replaced = replaced.keys()
        self._dropped = dropped
        self._signed = False

    def run(self, write_pixels: Callable[[Token], None]) -> None:
        """Write the data set; `write_pixels` is called where its pixel data stands.

        Encapsulated pixel data in sequences, which icons may have, is left out: nothing of it fits the target.
        """
        for token in tokens(self._buffer, self._source):
            match token.kind:
                case Kind.PIXELS if not token.depth:
                    self._insert_before(token.tag)
                    write_pixels(token)
                case Kind.ELEMENT | Kind.SEQUENCE:
                    self._element(token)
                case Kind.ITEM:
                    self.write(delimiter(ITEM, UNDEFINED))
                case Kind.ITEM_END:
                    self.write(delimiter(ITEM_END))
                case Kind.SEQUENCE_END:
                    self.write(delimiter(SEQUENCE_END))
        self._insert_before(1 << 32)

    def header(self, tag: int, vr: bytes, length: int) -> bytes:
        """Give the header of an element in the target's encoding."""
        if self._target is IMPLICIT_LITTLE:
            return _TAG_AND_LENGTH.pack(tag >> 16, tag & 0xFFFF, length)
        return explicit_header(tag, vr, length)

    def value(self, token: Token) -> memoryview:
        """Give the value of an element as it is in the source."""
        return self._buffer[token.position : token.position + token.length]

    def reordered(self, value: memoryview, number_bytes: int) -> bytes | memoryview:
        """Give numbers in the target's byte order; what is no whole number of them stays as it is."""
        if not self._source.big_endian or number_bytes == 1 or len(value) % number_bytes:
            return value
        return np.frombuffer(value, dtype=f">u{number_bytes}").astype(f"<u{number_bytes}").tobytes()

    def _element(self, token: Token) -> None:
        if token.depth == 0:
            self._insert_before(token.tag)
            if token.tag in self._replaced or token.tag in self._dropped:
                return
        # Group lengths are retired and would be wrong now (PS3.5 Section 7.2); delimiters do not belong here at all.
        if token.tag & 0xFFFF == 0 or token.tag >> 16 == _DELIMITERS:
            return
        if token.kind is Kind.SEQUENCE:
            self.write(self.header(token.tag, b"SQ", UNDEFINED))
            return
        vr = token.vr or vr_of(token.tag, signed=self._signed, long=token.length > _ONE_NUMBER)
        # Some write values of odd length. In an object that is sent as it came they stay, for it is known by its bytes;
        # what is written here is our own, and even (PS3.5 Section 7.1.1).
        padding = token.length % 2
        self.write(self.header(token.tag, vr, token.length + padding))
        value = self.value(token)
        self.write(self.reordered(value, NUMBER_BYTES.get(vr, 1)))
        if padding:
            self.write(b" " if vr in _PADDED_WITH_SPACES else b"\0")
        if token.tag == _PIXEL_REPRESENTATION and token.depth == 0:
            self._signed = any(value)

    def _insert_before(self, tag: int) -> None:
        for pending in [known for known in self._pending if known <= tag]:
            vr, value = self._pending.pop(pending)
            self.write(self.header(pending, vr, len(value)))
            self.write(value)


def explicit_header(tag: int, vr: bytes, length: int) -> bytes:
    """Give the header of an element in Explicit VR Little Endian."""
    group, element = tag >> 16, tag & 0xFFFF
    if vr in _SHORT and length <= _MAX_SHORT:
        return _SHORT_HEADER.pack(group, element, vr, length)
    # A value that is too long for its VR is UN (PS3.5 Section 6.2.2).
    return _LONG_HEADER.pack(group, element, b"UN" if vr in _SHORT else vr, 0, length)


def delimiter(tag: int, length: int = 0) -> bytes:
    """Give the header of an item, or what ends an item or a sequence."""
    return _TAG_AND_LENGTH.pack(tag >> 16, tag & 0xFFFF, length)


def little_endian(*, implicit: bool) -> Encoding:
    """Give one of the two encodings that every peer takes."""
    return IMPLICIT_LITTLE if implicit else EXPLICIT_LITTLE
