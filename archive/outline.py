"""Where the elements of a data set stand, up to its pixel data: found quickly, without looking into any of them.

It serves those who need a few attributes of an object that is stored already; `archive.element_stream` looks at all.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias, cast

from archive.element_stream import Kind, Token, end_of_fragments, tokens
from archive.encodings import (
    BYTES_VRS,
    IMPLICIT_LITTLE,
    ITEM,
    ITEM_END,
    PIXEL_DATA,
    SEQUENCE_END,
    UNDEFINED,
    ElementHeader,
    Encoding,
)
from archive.errors import NotParsable

FLOAT_PIXEL_DATA: Final = 0x7FE0_0008
DOUBLE_FLOAT_PIXEL_DATA: Final = 0x7FE0_0009
# Behind these nothing is looked for.
_LAST: Final = frozenset({FLOAT_PIXEL_DATA, DOUBLE_FLOAT_PIXEL_DATA, PIXEL_DATA, ITEM_END})
_SHORT_HEADER: Final = 8
_LONG_HEADER: Final = 12
_ITEM_HEADER: Final = 8
# Tag and size of the elements that begin with these eight bytes, for each encoding: scanners write the same ones in
# all their objects, and to know them is a third of reading them.
_Steps: TypeAlias = dict[bytes, tuple[int, int]]
_MOST_STEPS: Final = 20_000
_KNOWN_STEPS: Final[dict[int, tuple[Encoding, _Steps]]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """The outermost elements of a data set.

    Parameters
    ----------
    encoding
        How they are written.
    places
        Where the header of each begins, by tag; of those before the pixel data.
    pixels
        Where the header of the pixel data begins; none where there is no pixel data.
    """

    encoding: Encoding
    places: Mapping[int, int]
    pixels: int | None


def read_outline(buffer: bytes | memoryview, encoding: Encoding, size: int | None = None) -> Outline:
    """Find the elements of a data set.

    Parameters
    ----------
    buffer
        The data set; its beginning is enough when that reaches up to the header of the pixel data.
    encoding
        How it is encoded.
    size
        Of the whole data set in bytes; of the buffer when left out.

    Raises
    ------
    NotParsable
        The data set ends too early, or its beginning does not reach as far as is needed.
    """
    try:
        # A view serves as well as bytes here, and mapping a file makes no copy of it.
        return _walk(cast("bytes", buffer), encoding, len(buffer) if size is None else size)
    except struct.error as error:
        raise NotParsable("The data set ends inside a data element.") from error


def _walk(buffer: bytes, encoding: Encoding, size: int) -> Outline:
    places: dict[int, int] = {}
    # By identity: there are three encodings, and to hash one takes longer than to read an element.
    steps = _KNOWN_STEPS.setdefault(id(encoding), (encoding, {}))[1]
    # One last byte is no element: it makes the length of a data set even.
    position, last = 0, size - 1
    pixels = None
    while position < last:
        step = steps.get(bytes(buffer[position : position + _SHORT_HEADER]))
        if step is not None:
            places[step[0]] = position
            position += step[1]
            continue
        header = encoding.element(buffer, position)
        end = end_of_element(buffer, encoding, header, position)
        if header[0] in _LAST:
            pixels = None if header[0] == ITEM_END else position
            position = end
            break
        if _is_attribute(header):
            places[header[0]] = position
            _remember(steps, buffer, position, header)
        position = end
    if position > size:
        raise NotParsable("A data element is longer than the data set.")
    return Outline(encoding=encoding, places=places, pixels=pixels)


def walk_outline(buffer: memoryview, encoding: Encoding) -> Outline:
    """Find the elements of a data set that is damaged, by looking at all of it, as far as that goes.

    Parameters
    ----------
    buffer, encoding
        As for `read_outline`; all of the data set.

    Raises
    ------
    NotParsable
        The data set ends too early.
    """
    places: dict[int, int] = {}
    for token in tokens(buffer, encoding, whole_sequences=True):
        if token.depth:
            continue
        if token.kind is Kind.PIXELS or token.tag in _LAST:
            return Outline(encoding=encoding, places=places, pixels=_header_place(buffer, encoding, token))
        if token.kind in {Kind.ELEMENT, Kind.SEQUENCE}:
            places[token.tag] = _header_place(buffer, encoding, token)
    return Outline(encoding=encoding, places=places, pixels=None)


def _header_place(buffer: memoryview, encoding: Encoding, token: Token) -> int:
    """Say where the header of an element begins, by where its tag stands."""
    group, element, _ = encoding.item.unpack_from(buffer, token.position - _SHORT_HEADER)
    return token.position - (_SHORT_HEADER if group << 16 | element == token.tag else _LONG_HEADER)


def end_of_element(buffer: bytes, encoding: Encoding, header: ElementHeader, position: int) -> int:
    """Find what follows an element whose header stands here; of pixel data in fragments the end is not looked for."""
    tag, vr, length, size = header
    if tag in _LAST and length == UNDEFINED:
        return position
    if length != UNDEFINED:
        return position + size + length
    if vr in BYTES_VRS:
        return end_of_fragments(memoryview(buffer), position + size)
    return _end_of_sequence(buffer, _inner(encoding, vr), position + size)


def _remember(steps: _Steps, buffer: bytes, position: int, header: ElementHeader) -> None:
    tag, _, length, size = header
    if size == _SHORT_HEADER and length != UNDEFINED and len(steps) < _MOST_STEPS:
        steps[bytes(buffer[position : position + _SHORT_HEADER])] = tag, size + length


def _is_attribute(header: ElementHeader) -> bool:
    """Tell attributes from items outside any sequence, and from other bytes that are written like pixel data."""
    tag, vr, length, _ = header
    return tag != ITEM and not (length == UNDEFINED and vr in BYTES_VRS)


def _inner(encoding: Encoding, vr: bytes) -> Encoding:
    """Give the encoding of items: UN of undefined length is a sequence in implicit VR (PS3.5 Section 6.2.2)."""
    return IMPLICIT_LITTLE if vr == b"UN" else encoding


def _end_of_sequence(buffer: bytes, encoding: Encoding, position: int) -> int:
    """Find what follows a sequence of undefined length whose items begin here; what has a length is passed over."""
    # What is open, with how it is encoded: sequences, which hold items, and items, which hold elements.
    levels = [(encoding, True)]
    while levels:
        encoding, is_sequence = levels[-1]
        tag, vr, length, size = (
            _item_header(buffer, encoding, position) if is_sequence else encoding.element(buffer, position)
        )
        position += size
        if tag == (SEQUENCE_END if is_sequence else ITEM_END):
            levels.pop()
        elif is_sequence and tag != ITEM:
            raise NotParsable("A sequence holds something that is not an item.")
        elif length != UNDEFINED:
            position += length
        elif vr in BYTES_VRS or tag == PIXEL_DATA:
            position = end_of_fragments(memoryview(buffer), position)
        else:
            levels.append((_inner(encoding, vr), not is_sequence))
    return position


def _item_header(buffer: bytes, encoding: Encoding, position: int) -> ElementHeader:
    group, element, length = encoding.item.unpack_from(buffer, position)
    return group << 16 | element, b"", length, _ITEM_HEADER
