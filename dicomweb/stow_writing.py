"""A data set of the DICOM JSON Model written in Explicit VR Little Endian (PS3.5 Section 7.1), bulk data too."""

import codecs
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from archive.attribute_lists import is_of_data_set, vr_of
from archive.encodings import ITEM, ITEM_END, PIXEL_DATA, SEQUENCE_END, UNDEFINED
from archive.errors import NotParsable, ObjectTooLarge
from archive.reencoding import delimiter, explicit_header
from archive.transcoding import NATIVE
from archive.value_representations import NUMBER_BYTES
from dicomweb.stow_bulk import BulkPart, BulkParts
from dicomweb.stow_pieces import Pieces, Span
from dicomweb.stow_pixels import PixelParts, Write, syntax_of, write_encapsulated
from dicomweb.stow_values import KNOWN_VRS, UTF_8_VRS, decode_inline, encode_values, padded, padding

_CHARACTER_SET: Final = "00080005"
_UTF_8: Final[Mapping[str, Any]] = {"vr": "CS", "Value": ["ISO_IR 192"]}
_LARGEST_VALUE: Final = 0xFFFF_FFFE
_HEXADECIMAL: Final = frozenset("0123456789ABCDEF")
_TAG_DIGITS: Final = 8
_CONTENTS: Final = frozenset({"Value", "InlineBinary", "BulkDataURI"})


class DataSetWriter:
    """Writes one data set.

    Parameters
    ----------
    write
        Takes the bytes.
    pieces, bulk
        The bulk data.
    pixels
        The pixel data of the object itself; none where it is not in parts.
    """

    def __init__(self, write: Write, pieces: Pieces, bulk: BulkParts, pixels: PixelParts | None) -> None:
        self._write = write
        self._pieces = pieces
        self._bulk = bulk
        self._pixels = pixels
        self._syntaxes = [pixels.transfer_syntax] if pixels is not None and pixels.encapsulated else []

    def write(self, data_set: Mapping[str, Any], left_out: frozenset[str]) -> None:
        """Write it; JSON and XML are UTF-8, whatever the object was in before (PS3.18 Section F.2.1.1).

        Raises
        ------
        NodeError
            It is no data set of the model, its bulk data is not there, or it cannot be written.
        """
        elements = {tag: element for tag, element in _elements(data_set) if tag not in left_out}
        for tag, element in sorted((elements | {_CHARACTER_SET: _UTF_8}).items()):
            if int(tag, 16) == PIXEL_DATA and self._pixels is not None:
                self._own_pixels(element, self._pixels)
            else:
                self._element(tag, element)

    def _items(self, values: Any) -> None:
        for item in values:
            self._write(delimiter(ITEM, UNDEFINED))
            for tag, element in sorted(dict(_elements({} if item is None else item)).items()):
                self._element(tag, _UTF_8 if tag == _CHARACTER_SET else element)
            self._write(delimiter(ITEM_END))

    def _element(self, name: str, element: Any) -> None:
        vr, tag = _vr_of(name, element), int(name, 16)
        if tag == PIXEL_DATA and vr == b"SQ":
            # Of undefined length it would be read as compressed fragments (PS3.5 Section A.4).
            raise NotParsable("Pixel data cannot be a sequence.")
        if "BulkDataURI" in element:
            self._bulk_data(tag, vr, element["BulkDataURI"])
        elif "InlineBinary" in element:
            self._value(tag, vr, padded(vr, decode_inline(element["InlineBinary"])))
        elif vr != b"SQ":
            self._value(tag, vr, encode_values(vr, _values(element)))
        elif not _values(element):
            self._value(tag, vr, b"")
        else:
            self._write(explicit_header(tag, vr, UNDEFINED))
            self._items(_values(element))
            self._write(delimiter(SEQUENCE_END))

    def _value(self, tag: int, vr: bytes, value: bytes) -> None:
        self._write(explicit_header(tag, vr, len(value)))
        self._write(value)

    def _bulk_data(self, tag: int, vr: bytes, uri: str) -> None:
        if vr == b"SQ":
            raise NotParsable("A sequence cannot be bulk data.")
        part = self._bulk.part(uri)
        if tag == PIXEL_DATA and syntax_of(part, self._syntaxes, None) not in NATIVE:
            self._icon(part)
            return
        if vr in UTF_8_VRS:
            self._require_utf_8(part.span)
        self._copy(tag, vr, [part.span])

    def _icon(self, part: BulkPart) -> None:
        """Write compressed pixel data of an item, which only those of its object can be beside (PS3.5 Section A.4)."""
        if [syntax_of(part, self._syntaxes, None)] != self._syntaxes:
            raise NotParsable("An item has pixel data in another transfer syntax than its object.")
        write_encapsulated(self._write, self._pieces.read, [part.span])

    def _own_pixels(self, element: Any, pixels: PixelParts) -> None:
        if pixels.encapsulated:
            write_encapsulated(self._write, self._pieces.read, pixels.spans)
        else:
            self._copy(PIXEL_DATA, _vr_of(f"{PIXEL_DATA:08X}", element), pixels.spans)

    def _copy(self, tag: int, vr: bytes, spans: Sequence[Span]) -> None:
        size = sum(span.size for span in spans)
        if size > _LARGEST_VALUE:
            raise ObjectTooLarge("A value is longer than an element can be.")
        # Bytes may stand in words too, and be of odd number then.
        if vr != b"OW" and size % NUMBER_BYTES.get(vr, 1):
            raise NotParsable("Bulk data is no whole number of values.")
        self._write(explicit_header(tag, vr, size + size % 2))
        for span in spans:
            for chunk in self._pieces.read(span):
                self._write(chunk)
        self._write(padding(vr) * (size % 2))

    def _require_utf_8(self, span: Span) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            for chunk in self._pieces.read(span):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            raise NotParsable("Text in bulk data is no UTF-8.") from error


def _elements(data_set: Any) -> Iterator[tuple[str, Any]]:
    """Yield the elements of a data set that belong to one: no commands, group lengths, or file meta information."""
    if not isinstance(data_set, Mapping):
        raise NotParsable("A data set is no object.")
    for name, element in data_set.items():
        tag = str(name).upper()
        if len(tag) != _TAG_DIGITS or not _HEXADECIMAL.issuperset(tag) or not isinstance(element, Mapping):
            raise NotParsable("A member of a data set is no attribute.")
        if is_of_data_set(tag):
            yield tag, element


def _vr_of(tag: str, element: Mapping[str, Any]) -> bytes:
    said = element.get("vr")
    vr = vr_of(tag) if said is None or (said == "UN" and "Value" in element) else str(said)
    if vr.encode("ascii", "replace") not in KNOWN_VRS or len(_CONTENTS & element.keys()) > 1:
        raise NotParsable("An attribute has no VR, or several forms of a value.")
    return vr.encode()


def _values(element: Mapping[str, Any]) -> list[Any]:
    values = element.get("Value", [])
    if not isinstance(values, list):
        raise NotParsable("The values of an attribute are no list.")
    return values
