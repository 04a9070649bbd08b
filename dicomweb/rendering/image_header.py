"""The attributes of an image in the DICOM JSON Model, each described when somebody asks for it.

A picture needs some twenty of the hundreds that a header has.
"""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from archive.charsets import codec_of
from archive.encodings import UNDEFINED
from archive.outline import end_of_element
from dicomweb.data_set_beginning import DataSetBeginning
from dicomweb.header_json import PIXEL_REPRESENTATION, SPECIFIC_CHARACTER_SET, Reading, describe, describe_one
from dicomweb.json_values import JsonElement
from dicomweb.rendering.attributes import INLINE_BYTES


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
        _, vr, length, _ = header
        part = memoryview(self._content)[place : end_of_element(self._content, encoding, header, place)]
        reading = self._reading_at(place)
        if length == UNDEFINED or vr == b"SQ":
            described, _ = describe(part, encoding, "", reading, inline_bytes=INLINE_BYTES, private=False)
        else:
            described, _ = describe_one(part, header, encoding, "", reading, inline_bytes=INLINE_BYTES)
        return described[tag]

    def _reading_at(self, place: int) -> Reading:
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
