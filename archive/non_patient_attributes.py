"""What a data set says that belongs to no patient, as far as it is found by it: read once, before it is kept."""

import struct
from collections.abc import Collection
from pathlib import Path
from typing import Any, Final

from archive.attribute_lists import clean, is_kept, vr_of
from archive.charsets import codec_of, decode
from archive.dataset_buffer import data_set_buffer
from archive.element_stream import Kind, Token, tokens
from archive.encodings import encoding_of
from archive.header_attributes import LONG_LENGTH, SPECIFIC_CHARACTER_SET

_NUMBERS: Final = {"US": "H", "SS": "h", "UL": "I", "SL": "i", "FL": "f", "FD": "d", "UV": "Q", "SV": "q"}
# A backslash divides values but in these (PS3.5 Section 6.2).
_UNDIVIDED: Final = frozenset({"LT", "ST", "UT", "UR"})
# Values and items beyond these are not looked for.
_MOST_BYTES: Final = 1 << 14
_MOST_ITEMS: Final = 200


def read_attributes(
    path: Path, data_offset: int, transfer_syntax_uid: str, wanted: Collection[str]
) -> dict[str, list[Any]]:
    """Read some attributes of a data set as an attribute list.

    Parameters
    ----------
    path
        The file.
    data_offset
        Where the data set begins in it.
    transfer_syntax_uid
        How it is encoded.
    wanted
        Keys of attributes of the data set itself; of a sequence all is read that is in its items.

    Raises
    ------
    NotParsable
        The data set cannot be understood.
    """
    with data_set_buffer(path, data_offset, transfer_syntax_uid) as buffer:
        reader = _Reader(buffer, wanted, big_endian=encoding_of(transfer_syntax_uid).big_endian)
        for token in tokens(buffer, encoding_of(transfer_syntax_uid)):
            reader.take(token)
    return reader.found


class _Reader:
    """Builds the attribute list token by token."""

    def __init__(self, buffer: memoryview, wanted: Collection[str], *, big_endian: bool) -> None:
        self.found: dict[str, list[Any]] = {}
        self._buffer = buffer
        self._wanted = wanted
        self._order = ">" if big_endian else "<"
        # The data sets and sequences that are open; an item may have a character set of its own (PS3.5 Section 7.5.3).
        self._open = [(self.found, codec_of(b""))]
        self._rows: list[list[Any]] = []
        self._passing = 0

    def take(self, token: Token) -> None:
        if self._passing:
            self._passing += (token.kind is Kind.SEQUENCE) - (token.kind is Kind.SEQUENCE_END)
            return
        match token.kind:
            case Kind.ELEMENT:
                self._element(token)
            case Kind.SEQUENCE:
                self._sequence(token.tag)
            case Kind.SEQUENCE_END:
                self._rows.pop()
            case Kind.ITEM:
                self._item()
            case Kind.ITEM_END:
                self._open.pop()

    def _sequence(self, tag: int) -> None:
        if self._is_wanted(tag):
            self._rows.append(self._open[-1][0].setdefault(f"{tag:08X}", []))
        else:
            self._passing = 1

    def _item(self) -> None:
        attributes: dict[str, list[Any]] = {}
        self._open.append((attributes, self._open[-1][1]))
        if len(self._rows[-1]) < _MOST_ITEMS:
            self._rows[-1].append(attributes)

    def _is_wanted(self, tag: int) -> bool:
        name = f"{tag:08X}"
        return is_kept(name) and (len(self._open) > 1 or name in self._wanted)

    def _element(self, token: Token) -> None:
        attributes, codec = self._open[-1]
        value = bytes(self._buffer[token.position : token.position + min(token.length, _MOST_BYTES)])
        if token.tag == SPECIFIC_CHARACTER_SET:
            self._open[-1] = attributes, codec_of(value)
        elif self._is_wanted(token.tag):
            attributes[f"{token.tag:08X}"] = self._row(vr_of(f"{token.tag:08X}"), value, codec)

    def _row(self, vr: str, value: bytes, codec: str) -> list[str]:
        if form := _NUMBERS.get(vr):
            numbers = struct.Struct(self._order + form)
            whole = len(value) - len(value) % numbers.size
            return [str(number) for (number,) in numbers.iter_unpack(value[:whole])]
        text = decode(value, codec)[:LONG_LENGTH]
        values = [text] if vr in _UNDIVIDED else text.split("\\")
        return [clean(each) for each in values] if text and vr != "SQ" else []
