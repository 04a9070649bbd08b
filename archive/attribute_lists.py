"""Small data sets as values: worklist entries and procedure steps, as the database and the services hold them.

An attribute list has a row of texts for each attribute, or of attribute lists for a sequence, by tags of eight
hexadecimal digits: `{"00100020": ["P1"], "00400100": [{"00080060": ["CT"]}]}`. An empty row is an attribute without
value. It is JSON as it stands, and text is Unicode: character sets belong to whoever reads and writes DICOM.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

from pydicom.datadict import dictionary_VR, keyword_for_tag, tag_for_keyword

from archive.errors import NotParsable

AttributeList: TypeAlias = Mapping[str, Sequence[Any]]

_MAX_DEPTH: Final = 8
# Bytes are no text; nothing of a worklist or a procedure step is written in them.
_BYTES: Final = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN", "AT"})
_UNWANTED: Final = {0: None, **dict.fromkeys(range(0xD800, 0xE000))}


def key(keyword: str) -> str:
    """Return the key of an attribute of PS3.6 by its keyword.

    Raises
    ------
    NotParsable
        PS3.6 has no such keyword.
    """
    tag = tag_for_keyword(keyword)
    if tag is None:
        raise NotParsable(f"{keyword[:64]} is no keyword of an attribute.")
    return f"{tag:08X}"


def vr_of(name: str) -> str:
    """Return the VR of an attribute by its key, the first one where PS3.6 leaves a choice; UN for what it lacks."""
    try:
        return dictionary_VR(int(name, 16)).split(" ")[0]
    except KeyError:
        return "UN"


def is_of_data_set(name: str) -> bool:
    """Tell attributes from what only frames them: commands, file meta information, group lengths, delimiters."""
    return name[:4] not in {"0000", "0002", "FFFE"} and name[4:] != "0000"


def is_kept(name: str) -> bool:
    """Tell whether attribute lists hold this attribute: one of PS3.6, written in text."""
    return is_of_data_set(name) and vr_of(name) not in _BYTES


def texts(attributes: AttributeList, keyword: str) -> tuple[str, ...]:
    """Return the values of an attribute, without those that are empty."""
    row = attributes.get(key(keyword), ())
    return tuple(value for value in row if isinstance(value, str) and value)


def text(attributes: AttributeList, keyword: str) -> str:
    """Return the first value of an attribute; empty where there is none."""
    return next(iter(texts(attributes, keyword)), "")


def items(attributes: AttributeList, keyword: str) -> tuple[AttributeList, ...]:
    """Return the items of a sequence."""
    return tuple(item for item in attributes.get(key(keyword), ()) if isinstance(item, Mapping))


def has_value(attributes: AttributeList, keyword: str) -> bool:
    """Tell whether an attribute is there and not empty: what type 1 asks for (PS3.5 Section 7.4.1)."""
    return bool(texts(attributes, keyword) or items(attributes, keyword))


def with_keywords(attributes: AttributeList) -> dict[str, Any]:
    """Write an attribute list as the API shows it: by keywords, single values without a list."""
    return {keyword_for_tag(int(name, 16)) or name: _shown(name, row) for name, row in sorted(attributes.items())}


def _shown(name: str, row: Sequence[Any]) -> Any:
    if vr_of(name) == "SQ":
        return [with_keywords(item) for item in row]
    return row[0] if len(row) == 1 else list(row) or None


def from_keywords(given: Mapping[str, Any], depth: int = 0) -> dict[str, Any]:
    """Read an attribute list in the form of the API.

    Raises
    ------
    NotParsable
        A keyword is unknown, or a value not of the form its attribute has.
    """
    if depth > _MAX_DEPTH:
        raise NotParsable("The sequences are nested too deep.")
    return {key(keyword): _row(keyword, value, depth) for keyword, value in given.items()}


def _row(keyword: str, value: Any, depth: int) -> list[Any]:
    name = key(keyword)
    if not is_kept(name):
        raise NotParsable(f"{keyword} cannot be part of this.")
    values = list(value) if isinstance(value, list | tuple) else [] if value is None else [value]
    if vr_of(name) == "SQ":
        return [from_keywords(_item(keyword, one), depth + 1) for one in values]
    return [_text(keyword, one) for one in values]


def _item(keyword: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise NotParsable(f"{keyword} is a sequence: a list of objects.")
    return value


def _text(keyword: str, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise NotParsable(f"{keyword} has a value that is neither text nor a number.")
    return clean(str(value))


def clean(value: str) -> str:
    """Drop padding, and what no database keeps: NUL characters and lone surrogates."""
    return value.translate(_UNWANTED).strip()
