"""What a query compares with: keys as typed values, made from text by value representation (PS3.4 Section C.2.2.2)."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from archive.errors import InvalidQuery
from archive.query_attributes import ATTRIBUTES, Attribute, Matching
from archive.uids import is_valid_uid

# A pattern longer than any value that could match it only costs time; 1,024 is above all but the text VRs.
MAX_PATTERN_LENGTH: Final = 1024
MAX_WILDCARDS: Final = 64
MAX_VALUES: Final = 10_000
# Only lists of UIDs are lists to the databases; each value of another key is a comparison, or several, of its own.
MAX_ALTERNATIVES: Final = 64


@dataclass(frozen=True, slots=True)
class Universal:
    """Matches everything, also what has no value (PS3.4 C.2.2.2.3)."""


@dataclass(frozen=True, slots=True)
class SingleValue:
    """Matches this value (PS3.4 C.2.2.2.1)."""

    value: str


@dataclass(frozen=True, slots=True)
class UidList:
    """Matches any of these UIDs (PS3.4 C.2.2.2.2)."""

    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wildcard:
    """Matches by `*` (any text) and `?` (any one character) (PS3.4 C.2.2.2.4)."""

    pattern: str


@dataclass(frozen=True, slots=True)
class Range:
    """Matches from `first` to `last`, both included, either open (PS3.4 C.2.2.2.5)."""

    first: str | None
    last: str | None


@dataclass(frozen=True, slots=True)
class SequenceKey:
    """Matches when one item matches all of these keys (PS3.4 C.2.2.2.6)."""

    keys: Mapping[int, "Key"]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Matches when one of these does: a key with several values, such as CT and MR for Modalities in Study."""

    keys: tuple["Key", ...]


Key = Universal | SingleValue | UidList | Wildcard | Range | SequenceKey | AnyOf
UNIVERSAL: Final = Universal()

_WITH_WILDCARDS = frozenset({Matching.TEXT, Matching.NAME, Matching.COMPUTED})
_DATE = re.compile(r"(\d{4})\.?(\d{2})\.?(\d{2})")
_ROUND_TIME = re.compile(r"(\d\d(?:\d\d)??)(?:00){1,2}")
_TIME = re.compile(r"(\d{2})(?::?(\d{2})(?::?(\d{2})(?:\.(\d{1,6}))?)?)?")


def key_for(tag: int, values: Sequence[str]) -> Key:
    r"""Make the key for an attribute from its values as text.

    Parameters
    ----------
    tag
        The attribute. For one that the archive does not index the key is kept, but nothing compares it.
    values
        The values, already divided at backslashes; empty for universal matching.

    Raises
    ------
    InvalidQuery
        The values cannot be a key of this attribute, or cost too much to compare.
    """
    cleaned = tuple(text for text in (_clean(value) for value in values) if text)
    if not cleaned or cleaned == ("*",):
        return UNIVERSAL
    if len(cleaned) > MAX_VALUES:
        raise InvalidQuery(f"More than {MAX_VALUES} values for one key.")
    attribute = ATTRIBUTES.get(tag)
    if attribute is None:
        return SingleValue("\\".join(cleaned))
    return key_for_attribute(attribute, cleaned)


def key_for_attribute(attribute: Attribute, values: tuple[str, ...]) -> Key:
    """Make the key for an attribute, or for one inside a sequence, from its values, of which there is one at least."""
    if attribute.matching is Matching.UID:
        return _uid_key(attribute, values)
    if attribute.matching is Matching.SEQUENCE:
        raise InvalidQuery(f"{attribute.keyword} is a sequence; give keys for the attributes in it.")
    if len(values) > MAX_ALTERNATIVES:
        raise InvalidQuery(f"More than {MAX_ALTERNATIVES} values of {attribute.keyword}.")
    keys = tuple(_one_key(attribute, value) for value in values)
    return keys[0] if len(keys) == 1 else AnyOf(keys)


def sequence_key(tag: int, items: Mapping[int, Sequence[str]]) -> Key:
    """Make the key for a sequence from the keys in its item (PS3.4 C.2.2.2.6); universal when all are empty."""
    attribute = ATTRIBUTES.get(tag)
    known = attribute.items if attribute is not None else {}
    keys: dict[int, Key] = {}
    for item_tag, values in items.items():
        cleaned = tuple(text for text in (_clean(value) for value in values) if text)
        if item_tag in known:
            universal = not cleaned or cleaned == ("*",)
            keys[item_tag] = UNIVERSAL if universal else key_for_attribute(known[item_tag], cleaned)
    return SequenceKey(MappingProxyType(keys))


def _clean(value: str) -> str:
    """Drop padding and what no database keeps: NUL characters and lone surrogates."""
    return value.replace("\0", "").encode("utf-8", "replace").decode("utf-8").strip()


def _uid_key(attribute: Attribute, values: tuple[str, ...]) -> Key:
    for value in values:
        if not is_valid_uid(value):
            raise InvalidQuery(f"A value of {attribute.keyword} is not a UID.")
    return SingleValue(values[0]) if len(values) == 1 else UidList(values)


def _one_key(attribute: Attribute, value: str) -> Key:
    if attribute.matching is Matching.DATE:
        return _range_key(attribute, value, date_bounds)
    if attribute.matching is Matching.TIME:
        return _range_key(attribute, value, time_bounds)
    if attribute.matching in {Matching.NUMBER, Matching.INTEGER_TEXT} or attribute.vr == "IS":
        return SingleValue(_integer(attribute, value))
    if len(value) > MAX_PATTERN_LENGTH:
        raise InvalidQuery(f"The value of {attribute.keyword} is longer than {MAX_PATTERN_LENGTH} characters.")
    if attribute.matching in _WITH_WILDCARDS and ("*" in value or "?" in value):
        return _wildcard(attribute, value)
    return SingleValue(value)


def _wildcard(attribute: Attribute, value: str) -> Key:
    pattern = re.sub(r"\*+", "*", value)
    if pattern == "*":
        return UNIVERSAL
    if pattern.count("*") > MAX_WILDCARDS:
        raise InvalidQuery(f"More than {MAX_WILDCARDS} wildcards in {attribute.keyword}.")
    return Wildcard(pattern)


def _integer(attribute: Attribute, value: str) -> str:
    # Twelve characters is the length of an Integer String (PS3.5 Section 6.2).
    if not re.fullmatch(r"[+-]?[0-9]{1,12}", value):
        raise InvalidQuery(f"A value of {attribute.keyword} is not an integer.")
    return str(int(value))


def date_bounds(value: str) -> tuple[str, str] | None:
    """YYYYMMDD, also in the form YYYY.MM.DD of ACR-NEMA, which readers of PS3.5 Table 6.2-1 must support."""
    found = _DATE.fullmatch(value)
    if found is None:
        return None
    year, month, day = found.groups()
    date = f"{year}{month}{day}"
    return (date, date) if "01" <= month <= "12" and "01" <= day <= "31" else None


def time_bounds(value: str) -> tuple[str, str] | None:
    """First and last HHMMSS.FFFFFF of a time, which may be given in part: 10 is from 10 to 105959.999999."""
    found = _TIME.fullmatch(value)
    if found is None:
        return None
    hours, minutes, seconds, fraction = (part or "" for part in found.groups())
    if hours > "23" or minutes > "59" or seconds > "60":
        return None
    trimmed = fraction.rstrip("0")
    first = hours + minutes + seconds + (f".{trimmed}" if trimmed else "")
    return first, f"{hours}{minutes or '59'}{seconds or '59'}.{fraction.ljust(6, '9')}"


def _range_key(attribute: Attribute, value: str, bounds: Callable[[str], tuple[str, str] | None]) -> Key:
    single = bounds(value)
    if single is not None:
        return SingleValue(single[0])
    first_text, hyphen, last_text = (part.strip() for part in value.partition("-"))
    first = bounds(first_text) if first_text else None
    last = bounds(last_text) if last_text else None
    understood = hyphen and (first or not first_text) and (last or not last_text) and (first or last)
    if not understood:
        raise InvalidQuery(f"A value of {attribute.keyword} is neither a date or time nor a range.")
    if attribute.matching is Matching.DATE and first and last and first[0] > last[1]:
        raise InvalidQuery(f"The range of {attribute.keyword} ends before it begins.")
    return Range(_shortest(attribute, first[0]) if first else None, last[1] if last else None)


def _shortest(attribute: Attribute, first: str) -> str:
    """Write the beginning of a range of times as short as can be: 10 is a stored form of 1000 and of 100000 too."""
    found = _ROUND_TIME.fullmatch(first) if attribute.matching is Matching.TIME else None
    return found[1] if found else first
