"""The metadata of a stored instance in the DICOM JSON Model (PS3.18 Section 10.4.1.1.2 and Annex F).

Small binary values stand inline, large ones and pixel data behind a URI. The walk is flat, whatever sequences hold.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Final, NamedTuple

from archive.charsets import codec_of
from archive.element_stream import Kind, Token, tokens
from archive.encodings import PIXEL_DATA, ElementHeader, Encoding, encoding_of
from archive.errors import NotParsable
from archive.value_representations import vr_of
from dicomweb.json_values import BINARY_VRS, JsonElement, element_from_bytes

# Binary values up to this size are inline; text, which reports are made of, up to the second.
_INLINE_BYTES: Final = 1024
_INLINE_TEXT_BYTES: Final = 1 << 20
SPECIFIC_CHARACTER_SET: Final = 0x00080005
PIXEL_REPRESENTATION: Final = 0x00280103
_DELIMITERS: Final = 0xFFFE
# Groups of odd numbers (PS3.5 Section 7.8).
_PRIVATE: Final = 0x00010000
_FLOAT_PIXELS: Final = frozenset({0x7FE00008, 0x7FE00009})

JsonDataSet = dict[str, JsonElement]


def header_json(
    buffer: memoryview,
    transfer_syntax_uid: str,
    bulk_data_url: str,
    *,
    inline_bytes: int = _INLINE_BYTES,
    private: bool = True,
) -> JsonDataSet:
    """Describe a data set.

    Parameters
    ----------
    buffer
        The data set.
    transfer_syntax_uid
        How it is encoded.
    bulk_data_url
        Under which its bulk data is found: by tag, and by item and tag for what is in sequences.
    inline_bytes
        Binary values up to this size are inline.
    private
        Whether private attributes are described too, which are the most of many objects.

    Returns
    -------
    dict
        Attributes by tag. What follows a place that cannot be understood is missing.
    """
    start = Reading(codec=codec_of(b""), signed=False)
    encoding = encoding_of(transfer_syntax_uid)
    data_set, _ = describe(buffer, encoding, bulk_data_url, start, inline_bytes=inline_bytes, private=private)
    return data_set


class Reading(NamedTuple):
    """How values are read from here on.

    Parameters
    ----------
    codec
        Of the Specific Character Set.
    signed
        What Pixel Representation says.
    """

    codec: str
    signed: bool


def describe(
    buffer: memoryview,
    encoding: Encoding,
    bulk_data_url: str,
    reading: Reading,
    *,
    inline_bytes: int = _INLINE_BYTES,
    private: bool = True,
) -> tuple[JsonDataSet, Reading]:
    """Describe some elements of a data set; returns also how those after them are read."""
    writer = _Writer(buffer, encoding, bulk_data_url, inline_bytes, reading)
    # Objects are checked before they are kept; one that would not be taken any more is shown as far as it goes.
    with suppress(NotParsable):
        for token in tokens(buffer, encoding):
            if private or token.kind is not Kind.ELEMENT or not token.tag & _PRIVATE:
                writer.take(token)
    return writer.data_set, writer.reading


def describe_one(
    part: memoryview,
    header: ElementHeader,
    encoding: Encoding,
    bulk_data_url: str,
    reading: Reading,
    *,
    inline_bytes: int = _INLINE_BYTES,
) -> tuple[JsonDataSet, Reading]:
    """Describe one element of the data set itself that has a length and is no sequence.

    Parameters
    ----------
    part
        The element. Of Pixel Data nothing is looked at.
    header
        What its header says.
    """
    tag, vr, length, size = header
    writer = _Writer(part, encoding, bulk_data_url, inline_bytes, reading)
    writer.take(Token(Kind.PIXELS if tag == PIXEL_DATA else Kind.ELEMENT, tag, vr, size, length, 0))
    return writer.data_set, writer.reading


class _Writer:
    """Builds the description token by token."""

    def __init__(
        self, buffer: memoryview, encoding: Encoding, bulk_data_url: str, inline_bytes: int, reading: Reading
    ) -> None:
        self.data_set: JsonDataSet = {}
        self.encoding = encoding
        self._buffer = buffer
        self._inline_bytes = inline_bytes
        self._codec, self._signed = reading
        # The data sets and sequences that are open, and where the current one is found as bulk data.
        self._items: list[JsonDataSet] = [self.data_set]
        self._sequences: list[list[JsonDataSet]] = []
        self._paths: list[str] = [bulk_data_url]

    @property
    def reading(self) -> Reading:
        return Reading(self._codec, self._signed)

    def take(self, token: Token) -> None:
        match token.kind:
            case Kind.ELEMENT if token.tag & 0xFFFF and token.tag >> 16 != _DELIMITERS:
                self._items[-1][f"{token.tag:08X}"] = self._element(token)
            case Kind.PIXELS:
                self._items[-1][f"{token.tag:08X}"] = {"vr": self._vr(token).decode(), "BulkDataURI": self._uri(token)}
            case Kind.SEQUENCE:
                self._sequences.append([])
                self._items[-1][f"{token.tag:08X}"] = {"vr": "SQ", "Value": self._sequences[-1]}
                self._paths.append(self._uri(token))
            case Kind.ITEM:
                self._items.append({})
                self._sequences[-1].append(self._items[-1])
                self._paths.append(f"{self._paths[-1]}/{len(self._sequences[-1])}")
            case Kind.ITEM_END:
                self._items.pop()
                self._paths.pop()
            case Kind.SEQUENCE_END:
                self._sequences.pop()
                self._paths.pop()

    def _element(self, token: Token) -> JsonElement:
        vr = self._vr(token)
        inline = self._inline_bytes if vr in BINARY_VRS else _INLINE_TEXT_BYTES
        if token.length > inline or token.tag in _FLOAT_PIXELS:
            return {"vr": vr.decode("ascii", "replace"), "BulkDataURI": self._uri(token)}
        value = bytes(self._buffer[token.position : token.position + token.length])
        if token.tag == SPECIFIC_CHARACTER_SET:
            self._codec = codec_of(value)
            # What follows is UTF-8, whatever it was before (PS3.18 Section F.2.1.1).
            return {"vr": "CS", "Value": ["ISO_IR 192"]}
        if token.tag == PIXEL_REPRESENTATION:
            self._signed = any(value)
        return element_from_bytes(vr, value, self._codec, big_endian=self.encoding.big_endian)

    def _vr(self, token: Token) -> bytes:
        if token.vr and token.vr != b"UN":
            return token.vr
        # UN is written by those who do not know an attribute; the dictionary does (PS3.5 Section 6.2.2).
        vr = vr_of(token.tag, signed=self._signed, long=token.length > 2)  # noqa: PLR2004 - more than one number
        return b"UN" if vr == b"SQ" else vr

    def _uri(self, token: Token) -> str:
        return f"{self._paths[-1]}/{token.tag:08X}"


def located_values(buffer: memoryview, transfer_syntax_uid: str) -> Iterator[tuple[tuple[int, ...], Token]]:
    """Yield all elements with their places: the tag, or sequence, item number (from 1), and so on to the tag."""
    here: list[int] = []
    for token in tokens(buffer, encoding_of(transfer_syntax_uid)):
        match token.kind:
            case Kind.ELEMENT | Kind.PIXELS:
                yield (*here, token.tag), token
            case Kind.SEQUENCE:
                here += [token.tag, 0]
            case Kind.ITEM:
                here[-1] += 1
            case Kind.SEQUENCE_END:
                del here[-2:]
            case _:
                pass


def find_value(buffer: memoryview, transfer_syntax_uid: str, path: Sequence[int]) -> Token | None:
    """Find an element by its place."""
    wanted = tuple(path)
    return next((token for place, token in located_values(buffer, transfer_syntax_uid) if place == wanted), None)


def bulk_places(data_set: JsonDataSet) -> list[tuple[int, ...]]:
    """List the places of what is behind URIs, in a description that was made with an empty address."""
    found: list[tuple[int, ...]] = []
    remaining = [data_set]
    while remaining:
        for element in remaining.pop().values():
            if "BulkDataURI" in element:
                found.append(parse_place(element["BulkDataURI"].removeprefix("/")))
            elif element["vr"] == "SQ":
                remaining += element.get("Value", ())
    return sorted(found)


def parse_place(text: str) -> tuple[int, ...]:
    """Read the place of a value as it stands in URIs."""
    return tuple(int(part, 16 if number % 2 == 0 else 10) for number, part in enumerate(text.split("/")))
