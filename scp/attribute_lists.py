"""Attribute lists to and from the data sets of DIMSE messages (PS3.5 Sections 6.1 and 7)."""

import struct
from collections.abc import Iterable
from typing import Final

from archive import charsets
from archive.attribute_lists import AttributeList, clean, is_kept, is_of_data_set, vr_of
from scp import elements
from scp.elements import Element, Item
from scp.texts import Encode, response_encoding

SPECIFIC_CHARACTER_SET: Final = "00080005"
_NUMBERS: Final = {
    "US": struct.Struct("<H"),
    "SS": struct.Struct("<h"),
    "UL": struct.Struct("<I"),
    "SL": struct.Struct("<i"),
    "FL": struct.Struct("<f"),
    "FD": struct.Struct("<d"),
    "UV": struct.Struct("<Q"),
    "SV": struct.Struct("<q"),
}
# A backslash divides values but in these (PS3.5 Section 6.2).
_UNDIVIDED: Final = frozenset({"LT", "ST", "UT", "UR"})
_IN_CHARACTER_SET: Final = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})


def charset_of(items: Item) -> str:
    """Return Specific Character Set (0008,0005) of a data set; empty for the default repertoire."""
    value = next((element.value for element in items if f"{element.tag:08X}" == SPECIFIC_CHARACTER_SET), b"")
    return value.decode("ascii", "replace").strip(" \0")


def decode(items: Item, *, keep_unknown: bool = False) -> dict[str, list[object]]:
    """Make an attribute list of a data set; its text becomes Unicode, its character set is dropped.

    Parameters
    ----------
    items
        The elements.
    keep_unknown
        Keep attributes that are not of PS3.6 or not text, without value: a query is answered with all that it asks for.
    """
    return _decode(items, charsets.codec_of(charset_of(items).encode("ascii", "replace")), keep_unknown=keep_unknown)


def _decode(items: Item, codec: str, *, keep_unknown: bool) -> dict[str, list[object]]:
    # An item may name a character set of its own (PS3.5 Section 7.5.3).
    if own := charset_of(items):
        codec = charsets.codec_of(own.encode("ascii", "replace"))
    found: dict[str, list[object]] = {}
    for element in items:
        name = f"{element.tag:08X}"
        if is_kept(name) and name != SPECIFIC_CHARACTER_SET:
            found[name] = _row(element, codec, keep_unknown=keep_unknown)
        elif keep_unknown and is_of_data_set(name) and name != SPECIFIC_CHARACTER_SET:
            found[name] = []
    return found


def _row(element: Element, codec: str, *, keep_unknown: bool) -> list[object]:
    vr = elements.vr_of(element.tag)
    if vr == "SQ":
        return [_decode(item, codec, keep_unknown=keep_unknown) for item in element.items]
    if form := _NUMBERS.get(vr):
        whole = len(element.value) - len(element.value) % form.size
        return [str(number) for (number,) in form.iter_unpack(element.value[:whole])]
    text = charsets.decode(element.value, codec)
    values = [text] if vr in _UNDIVIDED else text.split("\\")
    return [clean(value) for value in values] if text else []


def encode(attributes: AttributeList, *, charset: str, implicit: bool) -> bytes:
    """Write an attribute list as a data set.

    Parameters
    ----------
    attributes
        What to write.
    charset
        Specific Character Set that the reader asked in; UTF-8 takes its place where it cannot hold the text.
    implicit
        Whether the transfer syntax has implicit VR.
    """
    term, to_bytes = response_encoding("".join(_all_text(attributes)), charset)
    found = _encode(attributes, to_bytes)
    if term:
        found.append(Element(tag=int(SPECIFIC_CHARACTER_SET, 16), vr="CS", value=term.encode("ascii", "replace")))
    return elements.write(found, implicit=implicit)


def _all_text(attributes: AttributeList) -> Iterable[str]:
    for name, row in attributes.items():
        if vr_of(name) == "SQ":
            for item in row:
                yield from _all_text(item)
        elif vr_of(name) in _IN_CHARACTER_SET:
            yield from row


def _encode(attributes: AttributeList, to_bytes: Encode) -> list[Element]:
    return [_element(int(name, 16), row, to_bytes) for name, row in attributes.items()]


def _element(tag: int, row: Iterable[object], to_bytes: Encode) -> Element:
    vr = elements.vr_of(tag)
    if vr == "SQ":
        items = tuple(_encode(item, to_bytes) for item in row if isinstance(item, dict))
        return Element(tag=tag, vr=vr, items=items)
    values = [str(value) for value in row] if is_kept(f"{tag:08X}") else []
    if form := _NUMBERS.get(vr):
        return Element(tag=tag, vr=vr, value=_packed(form, values))
    text = "\\".join(values)
    # Only these may leave the default repertoire; anything else there would be broken data, not text.
    return Element(tag=tag, vr=vr, value=to_bytes(text) if vr in _IN_CHARACTER_SET else text.encode("ascii", "replace"))


def _packed(form: struct.Struct, values: Iterable[str]) -> bytes:
    convert = float if form.format in {"<f", "<d"} else int
    try:
        return b"".join(form.pack(convert(value)) for value in values)
    except (ValueError, OverflowError, struct.error):
        # Entries made by people may hold a word where a number belongs: it is answered without a value.
        return b""
