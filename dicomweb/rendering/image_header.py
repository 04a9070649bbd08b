"""The attributes of an image in the DICOM JSON Model, each described when somebody asks for it.

A picture needs some twenty of the hundreds that a header has.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

from archive.charsets import codec_of
from archive.encodings import UNDEFINED
from archive.outline import end_of_element
from dicomweb.data_set_beginning import DataSetBeginning
from dicomweb.header_json import PIXEL_REPRESENTATION, SPECIFIC_CHARACTER_SET, Reading, describe, describe_one
from dicomweb.json_values import JsonElement
from dicomweb.rendering.attributes import INLINE_BYTES

_Key = tuple[int, Reading, bytes]
# What was made of elements by their bytes: the images of a series are shown in the same way. Nobody changes it.
_DESCRIBED: Final[dict[_Key, JsonElement]] = {}
_MOST_KEPT: Final = 4096
_LONGEST_KEPT: Final = 256


class ImageHeader(Mapping[str, Any]):
    """The attributes of an image by their tags, as `header_json` describes them.

    Parameters
    ----------
    beginning
        The data set up to its pixel data.
    """

    def __init__(self, beginning: DataSetBeginning) -> None:
        # A view serves as well as bytes where headers are read.
        self._content = cast("bytes", memoryview(beginning.content))
        self._outline = beginning.outline
        self._described: dict[str, JsonElement] = {}
        places = self._outline.places
        # Behind this place all is read in one way.
        self._last_change = max(places.get(SPECIFIC_CHARACTER_SET, -1), places.get(PIXEL_REPRESENTATION, -1))
        self._last_reading = self._read_before(self._last_change + 1)

    def __getitem__(self, tag: str) -> JsonElement:
        if tag not in self._described:
            self._described[tag] = self._describe(tag, self._outline.places[int(tag, 16)])
        return self._described[tag]

    def get(self, tag: str, default: Any = None) -> Any:
        """Give an attribute; most that are asked for are missing, which must not cost much."""
        return self[tag] if int(tag, 16) in self._outline.places else default

    def __iter__(self) -> Iterator[str]:
        return (f"{tag:08X}" for tag in self._outline.places)

    def __len__(self) -> int:
        return len(self._outline.places)

    def _describe(self, tag: str, place: int) -> JsonElement:
        encoding = self._outline.encoding
        header = encoding.element(self._content, place)
        end = end_of_element(self._content, encoding, header, place)
        part = memoryview(self._content)[place:end]
        reading = self._last_reading if place > self._last_change else self._read_before(place)
        if header[2] == UNDEFINED or header[1] == b"SQ":
            described, _ = describe(part, encoding, "", reading, inline_bytes=INLINE_BYTES, private=False)
            return described[tag]
        # By identity: there are three encodings, and to hash one takes longer than to read an element.
        key = (id(encoding), reading, bytes(part)) if len(part) <= _LONGEST_KEPT else None
        element = None if key is None else _DESCRIBED.get(key)
        if element is None:
            described, _ = describe_one(part, header, encoding, "", reading, inline_bytes=INLINE_BYTES)
            element = described[tag]
            if key is not None:
                _keep(key, element)
        return element

    def _read_before(self, place: int) -> Reading:
        """Say how values are read from a place on: by what stands before it."""
        return Reading(
            codec=codec_of(self._value_before(place, SPECIFIC_CHARACTER_SET)),
            signed=any(self._value_before(place, PIXEL_REPRESENTATION)),
        )

    def _value_before(self, place: int, tag: int) -> bytes:
        start = self._outline.places.get(tag, place)
        if start >= place:
            return b""
        _, _, length, size = self._outline.encoding.element(self._content, start)
        return bytes(self._content[start + size : start + size + length])


def _keep(key: _Key, element: JsonElement) -> None:
    if len(_DESCRIBED) >= _MOST_KEPT:
        _DESCRIBED.clear()
    _DESCRIBED[key] = element
