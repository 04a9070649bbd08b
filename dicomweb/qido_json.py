"""Matches in the DICOM JSON Model (PS3.18 Annex F), as text: what is the same for all matches is written once."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Any, Final

from pydicom.datadict import dictionary_VR

from archive.query import ATTRIBUTES, Level, Match, Value
from dicomweb.json_values import decimal, integer, person_name
from dicomweb.qido_attributes import CONSTANTS, OF_IMAGES, RETRIEVE_URL

_Write = Callable[[tuple[Value, ...]], str]


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
        self._members: Sequence[tuple[int, _Write]] = ()

    def array(self, matches: Iterable[Match]) -> bytes:
        """Write all matches as a JSON array."""
        return f"[{','.join(map(self._object, matches))}]".encode()

    def _object(self, match: Match) -> str:
        """Write a match, its attributes in order of their tags."""
        values = {**match.values, **CONSTANTS, RETRIEVE_URL: (retrieve_url(self._base, self._level, match),)}
        if not self._members:
            # All matches of an answer have the same attributes.
            self._members = [(tag, _writer(tag)) for tag in sorted(values)]
        return f"{{{','.join([text for tag, write in self._members if (text := write(values[tag]))])}}}"


def retrieve_url(base: str, level: Level, match: Match) -> str:
    """Give the URL that a match can be retrieved from."""
    url = f"{base}/studies/{match.study_instance_uid}"
    if level.depth >= Level.SERIES.depth:
        url += f"/series/{match.series_instance_uid}"
    if level is Level.IMAGE:
        url += f"/instances/{match.sop_instance_uid}"
    return url


@lru_cache(maxsize=1024)
def _writer(tag: int) -> _Write:
    """Give the function that writes an attribute; it writes nothing for what only images have, and this has not."""
    vr = ATTRIBUTES[tag].vr if tag in ATTRIBUTES else dictionary_VR(tag)
    opening = f'"{tag:08X}":{{"vr":"{vr}"'
    empty = "" if tag in OF_IMAGES else opening + "}"
    encode = _item if vr == "SQ" else _ENCODERS.get(vr, _text)

    def write(values: tuple[Value, ...]) -> str:
        if not values:
            return empty
        text = ",".join(map(encode, values))
        # A single value that says nothing, as a name of dividers, is none (PS3.18 Section F.2.5).
        return empty if text == "null" else f'{opening},"Value":[{text}]}}'

    return write


def _text(value: Any) -> str:
    return encode_basestring(value) if isinstance(value, str) else str(value)


def _name(value: Any) -> str:
    groups = person_name(str(value))
    written = ",".join([f'"{group}":{encode_basestring(text)}' for group, text in groups.items()])
    return f"{{{written}}}" if written else "null"


def _integer(value: Any) -> str:
    number = value if isinstance(value, int) else integer(value)
    return "null" if number is None else str(number)


def _decimal(value: Any) -> str:
    number = decimal(str(value))
    return "null" if number is None else repr(number)


def _item(value: Any) -> str:
    item: Mapping[int, tuple[Value, ...]] = value
    return f"{{{','.join([_writer(tag)(item[tag]) for tag in sorted(item)])}}}"


_ENCODERS: Final[Mapping[str, Callable[[Any], str]]] = {
    "PN": _name,
    "IS": _integer,
    "US": _integer,
    "DS": _decimal,
}
