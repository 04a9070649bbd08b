"""Data elements of identifiers, read and written directly (PS3.5 Section 7): small data sets, two encodings.

Identifiers come from anyone on the network and may hold anything; here nothing of a value is converted, so that
nothing but the structure can be wrong.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from struct import Struct, error
from typing import Final

from pydicom.datadict import dictionary_VR

from archive.errors import NotParsable

_TAG: Final = Struct("<HH")
_IMPLICIT: Final = Struct("<HHI")
_EXPLICIT: Final = Struct("<HH2sH")
_LENGTH: Final = Struct("<I")
_LONG_VRS: Final = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"})
_UNDEFINED: Final = 0xFFFFFFFF
_LONGEST_SHORT: Final = 0xFFFE
_ITEM: Final = 0xFFFEE000
_ITEM_END: Final = 0xFFFEE00D
_SEQUENCE_END: Final = 0xFFFEE0DD
_MAX_DEPTH: Final = 8
# More tags than clients ask with; without a bound a peer that makes tags up would fill the memory.
_REMEMBERED: Final = 4_096

Item = list["Element"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """One data element.

    Parameters
    ----------
    tag
        As a number, 0x00100020 for Patient ID.
    vr
        Value representation: as sent, or from the dictionary when implicit.
    value
        The bytes, without padding removed; empty for a sequence.
    items
        Items of a sequence.
    """

    tag: int
    vr: str
    value: bytes = b""
    items: tuple[Item, ...] = ()


@lru_cache(maxsize=_REMEMBERED)
def vr_of(tag: int) -> str:
    """Look the VR of `tag` up; UN for what PS3.6 does not know, the first one where it leaves a choice."""
    if tag & 0xFFFF == 0:
        return "UL"
    try:
        return dictionary_VR(tag).split(" ")[0]
    except KeyError:
        return "UN"


def read(encoded: bytes, *, implicit: bool) -> Item:
    """Read a little endian data set.

    Raises
    ------
    NotParsable
        When it is not well-formed, or nested deeper than any identifier is.
    """
    reader = _Reader(encoded, implicit=implicit)
    try:
        return list(reader.elements(len(encoded), 0))
    except (error, UnicodeDecodeError) as cause:
        raise NotParsable("identifier") from cause


class _Reader:
    def __init__(self, encoded: bytes, *, implicit: bool) -> None:
        self._encoded = encoded
        self._implicit = implicit
        self._at = 0

    def elements(self, end: int, depth: int) -> Iterator[Element]:
        if depth > _MAX_DEPTH:
            raise NotParsable("identifier nested too deep")
        while self._at < end:
            tag, vr, length = self._header()
            if tag == _ITEM_END:
                return
            if vr == "SQ":
                yield Element(tag=tag, vr="SQ", items=tuple(self._items(self._end(length, end), depth)))
            elif length == _UNDEFINED and vr == "UN":
                yield Element(tag=tag, vr="SQ", items=self._items_of_unknown(end, depth))
            else:
                stop = self._end(length, end)
                if length == _UNDEFINED:
                    raise NotParsable("identifier")
                yield Element(tag=tag, vr=vr, value=self._encoded[self._at : stop])
                self._at = stop

    def _end(self, length: int, outer: int) -> int:
        if length == _UNDEFINED:
            return outer
        if self._at + length > outer:
            raise NotParsable("identifier")
        return self._at + length

    def _header(self) -> tuple[int, str, int]:
        group, number = _TAG.unpack_from(self._encoded, self._at)
        tag = group << 16 | number
        if self._implicit or group == 0xFFFE:  # noqa: PLR2004  item tags have no VR
            (_, _, length), self._at = _IMPLICIT.unpack_from(self._encoded, self._at), self._at + 8
            return tag, vr_of(tag), length
        _, _, vr_bytes, length = _EXPLICIT.unpack_from(self._encoded, self._at)
        vr, self._at = vr_bytes.decode("ascii"), self._at + 8
        if vr in _LONG_VRS:
            (length,), self._at = _LENGTH.unpack_from(self._encoded, self._at), self._at + 4
        return tag, vr, length

    def _items_of_unknown(self, end: int, depth: int) -> tuple[Item, ...]:
        """Read a sequence that its sender did not know: it is implicit VR inside, always (PS3.5 Section 6.2.2)."""
        outside, self._implicit = self._implicit, True
        items = tuple(self._items(end, depth))
        self._implicit = outside
        return items

    def _items(self, end: int, depth: int) -> Iterator[Item]:
        while self._at < end:
            tag, _, length = self._header()
            if tag == _SEQUENCE_END:
                return
            if tag != _ITEM:
                raise NotParsable("identifier")
            yield list(self.elements(self._end(length, end), depth + 1))


def write(elements: Iterable[Element], *, implicit: bool) -> bytes:
    """Encode a little endian data set, elements in ascending order, sequences with defined lengths."""
    ordered = sorted(elements, key=lambda element: element.tag)
    return b"".join(_encode(element, implicit=implicit) for element in ordered)


def _encode(element: Element, *, implicit: bool) -> bytes:
    value = element.value if element.vr != "SQ" else _encode_items(element.items, implicit=implicit)
    if len(value) % 2:
        value += b"\0" if element.vr in ("UI", "OB", "UN") else b" "
    group, number = element.tag >> 16, element.tag & 0xFFFF
    if implicit:
        return _IMPLICIT.pack(group, number, len(value)) + value
    # What is too long for the length field of its VR is written as UN (PS3.5 Section 6.2.2).
    vr = element.vr if element.vr in _LONG_VRS or len(value) <= _LONGEST_SHORT else "UN"
    if vr in _LONG_VRS:
        return _EXPLICIT.pack(group, number, vr.encode(), 0) + _LENGTH.pack(len(value)) + value
    return _EXPLICIT.pack(group, number, vr.encode(), len(value)) + value


def _encode_items(items: Sequence[Item], *, implicit: bool) -> bytes:
    encoded = (write(item, implicit=implicit) for item in items)
    return b"".join(_IMPLICIT.pack(_ITEM >> 16, _ITEM & 0xFFFF, len(item)) + item for item in encoded)
