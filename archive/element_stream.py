"""A data set as a stream of tokens: elements, and the beginnings and ends of sequences and items (PS3.5 Section 7).

Unlike `archive.elements`, which proves that what arrived is well-formed, this serves objects that are stored already.
"""

import struct
from collections.abc import Iterator
from enum import Enum, auto
from typing import Final, NamedTuple, cast

from archive.encodings import BYTES_VRS, IMPLICIT_LITTLE, ITEM, ITEM_END, PIXEL_DATA, SEQUENCE_END, UNDEFINED, Encoding
from archive.errors import NotParsable

_OPEN: Final = 1 << 62
_ITEM_HEADER: Final = 8


class Kind(Enum):
    """What a token stands for."""

    ELEMENT = auto()
    SEQUENCE = auto()
    SEQUENCE_END = auto()
    ITEM = auto()
    ITEM_END = auto()
    PIXELS = auto()
    FRAGMENTS = auto()


class Token(NamedTuple):
    """One step through a data set.

    Parameters
    ----------
    kind
        `PIXELS` is Pixel Data of the data set itself, and any that is encapsulated. `FRAGMENTS` is another element of
        bytes that is written as if it were encapsulated pixel data; the standard knows none.
    tag
        The attribute; 0 for items and ends.
    vr
        As written; empty where the encoding is implicit.
    position
        Where the value begins in the data set.
    length
        Of the value in bytes; `UNDEFINED` as written.
    depth
        Number of sequences around it.
    """

    kind: Kind
    tag: int
    vr: bytes
    position: int
    length: int
    depth: int


class _Level(NamedTuple):
    end: int
    encoding: Encoding
    items: bool


def tokens(buffer: memoryview, encoding: Encoding, *, whole_sequences: bool = False) -> Iterator[Token]:
    """Walk through a data set.

    Parameters
    ----------
    buffer
        The data set.
    encoding
        How it is encoded.
    whole_sequences
        Give sequences of defined length as one `ELEMENT`, without looking into them.

    Raises
    ------
    NotParsable
        The data set ends too early.
    """
    try:
        yield from _walk(buffer, encoding, whole_sequences=whole_sequences)
    except struct.error as error:
        raise NotParsable("The data set ends inside a data element.") from error


def _walk(buffer: memoryview, encoding: Encoding, *, whole_sequences: bool) -> Iterator[Token]:
    # One last byte is no element: it makes the length of a data set even.
    levels = [_Level(len(buffer) - 1, encoding, items=False)]
    position = 0
    while levels:
        level = levels[-1]
        depth = (len(levels) - 1) // 2
        if position >= level.end:
            levels.pop()
            if levels:
                yield _end(level, position, depth)
        elif level.items:
            position, token = _read_item(buffer, level, position, depth)
            yield token
            if token.kind is Kind.ITEM:
                levels.append(_Level(_end_of(token), level.encoding, items=False))
            else:
                levels.pop()
        else:
            token = _read_element(buffer, level, position, depth, whole_sequences=whole_sequences)
            # An item outside any sequence is no attribute: `archive.elements` says where it comes from.
            if token.kind is not Kind.ELEMENT or token.tag != ITEM:
                yield token
            position = _after(buffer, token, levels)


def _after(buffer: memoryview, token: Token, levels: list[_Level]) -> int:
    """Say where the walk goes on after an element, one level deeper or higher as it may be."""
    match token.kind:
        case Kind.SEQUENCE:
            # UN of undefined length is encoded in implicit VR little endian (PS3.5 Section 6.2.2).
            inner = IMPLICIT_LITTLE if token.vr == b"UN" else levels[-1].encoding
            levels.append(_Level(_end_of(token), inner, items=True))
            return token.position
        case Kind.ITEM_END:
            levels.pop()
            return token.position
        case Kind.PIXELS | Kind.FRAGMENTS if token.length == UNDEFINED:
            return end_of_fragments(buffer, token.position)
        case _:
            return token.position + token.length


def _read_element(buffer: memoryview, level: _Level, position: int, depth: int, *, whole_sequences: bool) -> Token:
    # A view serves as well as bytes here, and mapping a file makes no copy of it.
    tag, vr, length, size = level.encoding.element(cast("bytes", buffer), position)
    position += size
    if tag == ITEM_END:
        return Token(Kind.ITEM_END, 0, b"", position, 0, depth)
    if length != UNDEFINED and position + length > len(buffer):
        raise NotParsable("A data element is longer than the data set.")
    if tag == PIXEL_DATA and (depth == 0 or length == UNDEFINED):
        return Token(Kind.PIXELS, tag, vr, position, length, depth)
    if length == UNDEFINED and vr in BYTES_VRS:
        return Token(Kind.FRAGMENTS, tag, vr, position, length, depth)
    if length == UNDEFINED or (vr == b"SQ" and not whole_sequences):
        return Token(Kind.SEQUENCE, tag, vr, position, length, depth)
    return Token(Kind.ELEMENT, tag, vr, position, length, depth)


def _read_item(buffer: memoryview, level: _Level, position: int, depth: int) -> tuple[int, Token]:
    group, element, length = level.encoding.item.unpack_from(buffer, position)
    position += _ITEM_HEADER
    tag = group << 16 | element
    if tag == SEQUENCE_END:
        return position, Token(Kind.SEQUENCE_END, 0, b"", position, 0, depth)
    if tag != ITEM:
        raise NotParsable("A sequence holds something that is not an item.")
    return position, Token(Kind.ITEM, 0, b"", position, length, depth + 1)


def _end(level: _Level, position: int, depth: int) -> Token:
    return Token(Kind.SEQUENCE_END if level.items else Kind.ITEM_END, 0, b"", position, 0, depth)


def _end_of(token: Token) -> int:
    return _OPEN if token.length == UNDEFINED else token.position + token.length


def fragments(buffer: memoryview, position: int) -> Iterator[tuple[int, int]]:
    """Yield start and length of the items of encapsulated pixel data (PS3.5 Section A.4), the offset table first."""
    while True:
        try:
            group, element, length = IMPLICIT_LITTLE.item.unpack_from(buffer, position)
        except struct.error as error:
            raise NotParsable("The pixel data has no end.") from error
        position += _ITEM_HEADER
        if group << 16 | element != ITEM:
            return
        if length == UNDEFINED or position + length > len(buffer):
            raise NotParsable("A fragment of pixel data is longer than the data set.")
        yield position, length
        position += length


def end_of_fragments(buffer: memoryview, position: int) -> int:
    """Find what follows the encapsulated pixel data whose items begin at `position`."""
    for start, length in fragments(buffer, position):
        position = start + length
    return position + _ITEM_HEADER
