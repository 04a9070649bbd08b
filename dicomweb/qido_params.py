"""The query parameters of QIDO-RS as a query of the archive (PS3.18 Section 8.3.4 and 10.6.1)."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from archive.query import ATTRIBUTES, Key, Level, attribute_for, is_matched, key_for, parse_zone, sequence_key
from dicomweb.problems import bad_request
from dicomweb.qido_attributes import everything

DEFAULT_LIMIT: Final = 10_000
MAX_LIMIT: Final = 10_000
_MAX_OFFSET: Final = 1_000_000_000
_MOST_PARAMETERS: Final = 256
_MOST_DIGITS: Final = 18
_UTF8: Final = frozenset({"utf-8", "utf8"})
_BOOLEANS: Final = {"true": True, "false": False}


@dataclass(slots=True, kw_only=True)
class SearchParameters:
    """What the query string says.

    Parameters
    ----------
    keys
        By tag.
    include
        Attributes to return beside the usual ones.
    limit, offset
        As they are used.
    fuzzy
        Fuzzy matching of person names.
    zone
        Minutes by which the client's dates and times are ahead of UTC, where it says so.
    not_performed
        What was asked for and is not done, in sentences; each once, in their order.
    """

    keys: dict[int, Key] = field(default_factory=dict)
    include: set[int] = field(default_factory=set)
    limit: int = DEFAULT_LIMIT
    offset: int = 0
    fuzzy: bool = False
    zone: int | None = None
    not_performed: dict[str, None] = field(default_factory=dict)


def parse_parameters(pairs: Iterable[tuple[str, str]], level: Level) -> SearchParameters:
    """Read the query string.

    Parameters
    ----------
    pairs
        Names and values, decoded.
    level
        What is searched for.

    Raises
    ------
    Problem
        400 for a parameter that is not known, or a value that it cannot have; the sentence names the parameter.
    InvalidQuery
        A value cannot be a key of its attribute.
    """
    found = SearchParameters()
    values: dict[int, list[str]] = {}
    items: dict[int, dict[int, list[str]]] = {}
    for number, (name, value) in enumerate(pairs):
        if number >= _MOST_PARAMETERS:
            raise bad_request(f"There are more than {_MOST_PARAMETERS} query parameters.")
        if name in _OPTIONS:
            _OPTIONS[name](found, value)
            continue
        if name == "includefield":
            found.include |= _included(value, level)
            continue
        path = _path(name)
        if len(path) == 1:
            values.setdefault(path[0], []).extend(_divide(path[0], value))
        else:
            items.setdefault(path[0], {}).setdefault(path[1], []).extend(_divide(path[1], value))
    found.keys = {tag: key_for(tag, texts) for tag, texts in values.items()}
    found.keys |= {tag: sequence_key(tag, inner) for tag, inner in items.items()}
    return found


def _take_limit(found: SearchParameters, value: str) -> None:
    found.limit = min(_count("limit", value), MAX_LIMIT)


def _take_offset(found: SearchParameters, value: str) -> None:
    found.offset = _count("offset", value)
    if found.offset > _MAX_OFFSET:
        raise bad_request("The query parameter offset is too large.")


def _take_fuzzy(found: SearchParameters, value: str) -> None:
    found.fuzzy = _boolean("fuzzymatching", value)


def _take_empty_values(found: SearchParameters, value: str) -> None:
    _leave_out(found, "emptyvaluematching", "Empty Value Matching", value)


def _take_multiple_values(found: SearchParameters, value: str) -> None:
    _leave_out(found, "multiplevaluematching", "Multiple Value Matching", value)


def _leave_out(found: SearchParameters, name: str, title: str, value: str) -> None:
    """Note what is not supported, in the words of the standard (PS3.18 Sections 8.3.4.5 and 8.3.4.6)."""
    if _boolean(name, value):
        found.not_performed[f"The {name} parameter is not supported. {title} has not been performed."] = None


def _take_zone(found: SearchParameters, value: str) -> None:
    # A plus sign that was not percent-encoded arrives as a space.
    found.zone = parse_zone(value.replace(" ", "+")) if value else None


def _take_charset(_found: SearchParameters, value: str) -> None:
    """Take UTF-8 only: that is what answers are in (PS3.18 Section 8.3.3.2)."""
    if not any(name.partition(";")[0].strip().lower() in _UTF8 for name in value.split(",")):
        raise bad_request("The query parameter charset does not name UTF-8, in which answers are written.")


def _ignore(_found: SearchParameters, _value: str) -> None:
    """Leave out what belongs to other sections of the standard, and changes nothing here."""


_OPTIONS: Final[Mapping[str, Callable[[SearchParameters, str], None]]] = {
    "limit": _take_limit,
    "offset": _take_offset,
    "fuzzymatching": _take_fuzzy,
    "TimezoneOffsetFromUTC": _take_zone,
    "00080201": _take_zone,
    "charset": _take_charset,
    "accept": _ignore,
    "emptyvaluematching": _take_empty_values,
    "multiplevaluematching": _take_multiple_values,
}


def _boolean(name: str, value: str) -> bool:
    if value.lower() not in _BOOLEANS:
        raise bad_request(f"The query parameter {name} is either true or false.")
    return _BOOLEANS[value.lower()]


def _count(name: str, value: str) -> int:
    if not (value.isascii() and value.isdecimal() and len(value) <= _MOST_DIGITS):
        raise bad_request(f"The query parameter {name} is not a number from 0 on.")
    return int(value)


def _included(value: str, level: Level) -> set[int]:
    """Read one `includefield`: a list of attributes, or `all`. Those that the index does not have are left out."""
    tags: set[int] = set()
    for name in filter(None, (part.strip() for part in value.split(","))):
        if name == "all":
            tags |= everything(level)
        else:
            # Of a path into a sequence the whole sequence is returned.
            tags.add(_path(name, matched=False)[0])
    return tags


def _path(name: str, *, matched: bool = True) -> tuple[int, ...]:
    """Read the name of an attribute, or of one in a sequence: keywords or tags, with a dot between."""
    tags = tuple(_tag(part) for part in name.split("."))
    if None in tags:
        raise bad_request(f"The query parameter or attribute {shown(name)} is not known.")
    known = tuple(tag for tag in tags if tag is not None)
    if matched and not _is_indexed(*known):
        raise bad_request(f"The attribute {shown(name)} is not indexed, so that nothing can be matched with it.")
    return known


def _is_indexed(tag: int, *inner: int) -> bool:
    """Tell whether something can be matched: an attribute, or one in the items of a sequence, but none deeper."""
    if not inner:
        return is_matched(tag)
    known = ATTRIBUTES[tag].items if tag in ATTRIBUTES else {}
    return is_matched(tag) and len(inner) == 1 and inner[0] in known


def _tag(text: str) -> int | None:
    tag = attribute_for(text)
    if tag is None and len(text) == 8 and all(digit in "0123456789abcdefABCDEF" for digit in text):  # noqa: PLR2004
        # Private attributes are not in any dictionary.
        number = int(text, 16)
        return number if number >> 16 & 1 else None
    return tag


def _divide(tag: int, value: str) -> list[str]:
    """Divide UIDs, and codes, at commas (PS3.18 Section 8.3.4.1) and at backslashes, as in C-FIND."""
    attribute = ATTRIBUTES.get(tag)
    return re.split(r"[,\\]", value) if attribute is not None and attribute.vr in {"UI", "CS"} else [value]


def shown(name: str) -> str:
    """Repeat a name of the client's in a form that is harmless wherever the answer is shown."""
    return "".join(character for character in name if character.isalnum() or character in "._-")[:80] or "(unnamed)"
