"""Matches in the DICOM JSON Model (PS3.18 Annex F), as text.

Most attributes of one answer are the same in many matches, so that each different value is written once.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from archive.query import ATTRIBUTES, Level, Match, Value
from dicomweb.json_values import JsonElement, element_from_values
from dicomweb.qido_attributes import OF_IMAGES

_RETRIEVE_URL: Final = 0x00081190
_ENCODE: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
_CONSTANT: Final[Mapping[int, JsonElement]] = {
    0x00080005: {"vr": "CS", "Value": ["ISO_IR 192"]},
    0x00080056: {"vr": "CS", "Value": ["ONLINE"]},
}


class MatchWriter:
    """Writes the matches of one answer.

    Parameters
    ----------
    level
        What a match is.
    base
        URL of the service, for Retrieve URL.
    """

    def __init__(self, level: Level, base: str) -> None:
        self._level = level
        self._base = base
        self._written: dict[tuple[int, tuple[Value, ...]], str] = {}
        self._order: tuple[int, ...] = ()

    def array(self, matches: Iterable[Match]) -> bytes:
        """Write all matches as a JSON array."""
        return f"[{','.join(map(self._object, matches))}]".encode()

    def _object(self, match: Match) -> str:
        """Write a match, its attributes in order of their tags."""
        values = match.values
        if not self._order:
            # All matches of an answer have the same attributes.
            self._order = tuple(sorted({*values, *_CONSTANT, _RETRIEVE_URL}))
        members = (self._member(tag, values.get(tag, ()), match) for tag in self._order)
        return f"{{{','.join(filter(None, members))}}}"

    def _member(self, tag: int, values: tuple[Value, ...], match: Match) -> str:
        if tag == _RETRIEVE_URL:
            return _text(tag, {"vr": "UR", "Value": [self._retrieve_url(match)]})
        try:
            return self._written[tag, values]
        except KeyError:
            written = self._written[tag, values] = _text(tag, _element(tag, values))
            return written
        except TypeError:
            # Items of sequences are mappings, which are no keys.
            return _text(tag, _element(tag, values))

    def _retrieve_url(self, match: Match) -> str:
        url = f"{self._base}/studies/{match.study_instance_uid}"
        if self._level.depth >= Level.SERIES.depth:
            url += f"/series/{match.series_instance_uid}"
        if self._level is Level.IMAGE:
            url += f"/instances/{match.sop_instance_uid}"
        return url


def _text(tag: int, element: JsonElement | None) -> str:
    if element is None:
        return ""
    return f'"{tag:08X}":{_ENCODE(element)}'


def _element(tag: int, values: tuple[Any, ...]) -> JsonElement | None:
    """Give an attribute; none for one that only images have, and this object has not."""
    if tag in _CONSTANT:
        return _CONSTANT[tag]
    if not values and tag in OF_IMAGES:
        return None
    attribute = ATTRIBUTES[tag]
    if not attribute.items:
        return element_from_values(attribute.vr, values)
    items = [
        {f"{inner:08X}": element_from_values(attribute.items[inner].vr, texts) for inner, texts in sorted(item.items())}
        for item in values
    ]
    return {"vr": "SQ", "Value": items} if items else {"vr": "SQ"}
