"""From a key to a predicate that means the same on every database (PS3.4 Section C.2.2.2)."""

import re
from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import ColumnElement

from archive.errors import InvalidQuery
from archive.matching import name_pattern, normalize_name, normalize_text
from archive.query_attributes import Attribute, Matching
from archive.query_keys import AnyOf, Key, Range, SequenceKey, SingleValue, UidList, Universal, Wildcard
from archive.query_name_groups import GROUPS
from archive.query_predicates import (
    ESCAPE,
    Among,
    Comparison,
    Every,
    Predicate,
    Some,
    at_least,
    at_most,
    equal,
    from_code_point,
    like,
    like_in_any_case,
    like_one_of_several,
    other_than,
    to_code_point,
)

# The greatest code point: nothing that starts with a prefix sorts after the prefix followed by it.
_LAST: Final = "\U0010ffff"
_WORD_STARTS: Final = ("", "%^", "% ", "%=", "%-")


def predicate(attribute: Attribute, key: Key, *, fuzzy: bool = False) -> Predicate:
    """Compare a column of the index with a key.

    Parameters
    ----------
    attribute
        An attribute with a column, or a sequence of such.
    key
        What to compare with.
    fuzzy
        For person names: every word of the key begins some component of the name.
    """
    match key:
        case Universal():
            return Every(())
        case AnyOf(keys=keys):
            return Some(tuple(predicate(attribute, one, fuzzy=fuzzy) for one in keys))
        case SequenceKey(keys=keys):
            return Every(tuple(predicate(attribute.items[tag], one) for tag, one in keys.items()))
        case _:
            return _of_column(attribute, key, fuzzy=fuzzy)


def _of_column(attribute: Attribute, key: Range | UidList | SingleValue | Wildcard, *, fuzzy: bool) -> Predicate:
    match key:
        case Range(first=first, last=last):
            # Of times too, unless they are of moments on several days (`archive.query_moments`).
            if first is not None and last is not None and first > last:
                raise InvalidQuery(f"The range of {attribute.keyword} ends before it begins.")
            return within(compared(attribute), first, last)
        case UidList(values=values):
            return Among(compared(attribute), values)
        case SingleValue(value=value):
            return _single(attribute, value, fuzzy=fuzzy)
        case Wildcard(pattern=pattern):
            return _wildcard(attribute, pattern)


def compared(attribute: Attribute) -> ColumnElement[Any]:
    """Return the column of an attribute that keys are compared with."""
    column = attribute.match_column
    if column is None:
        raise LookupError(attribute.keyword)
    return column


def like_pattern(pattern: str) -> str:
    """Translate DICOM wildcards to those of LIKE; what LIKE would take for a wildcard stands for itself."""
    escaped = pattern.replace(ESCAPE, ESCAPE * 2).replace("%", ESCAPE + "%").replace("_", ESCAPE + "_")
    return escaped.replace("*", "%").replace("?", "_")


def within(column: ColumnElement[Any], first: str | None, last: str | None) -> Predicate:
    """Demand a value between two, both included, either of which may be missing."""
    bounds = [Comparison(other_than, column, "")]
    if first is not None:
        bounds.append(Comparison(at_least, column, first))
    if last is not None:
        bounds.append(Comparison(at_most, column, last))
    return Every(tuple(bounds))


def _single(attribute: Attribute, value: str, *, fuzzy: bool) -> Predicate:
    column = compared(attribute)
    match attribute.matching:
        case Matching.NAME:
            return _fuzzy_name(column, value) if fuzzy else _name(attribute, value)
        case Matching.NUMBER:
            return Comparison(equal, column, int(value))
        case Matching.TIME:
            # 1030 means the whole minute, and stored times differ in how far they are written out.
            return Comparison(like, column, f"{value}%")
        case Matching.TEXT if attribute.multiple:
            return _one_of_several(column, like_pattern(_normal(attribute)(value)))
        case _:
            return Comparison(equal, column, _normal(attribute)(value))


def _wildcard(attribute: Attribute, pattern: str) -> Predicate:
    if attribute.matching is Matching.NAME:
        return _name(attribute, pattern)
    column, normal = compared(attribute), _normal(attribute)(pattern)
    if attribute.multiple:
        return _one_of_several(column, like_pattern(normal))
    if not attribute.normalized:
        return Comparison(like_in_any_case, column, like_pattern(normal).lower())
    return _matching(column, normal)


def _one_of_several(column: ColumnElement[Any], pattern: str) -> Predicate:
    divider = ESCAPE * 2
    return Comparison(like_one_of_several, column, f"%{divider}{pattern}{divider}%")


def _matching(column: ColumnElement[Any], pattern: str) -> Predicate:
    bounds = _bounds(column, pattern)
    if bounds and pattern == f"{_prefix(pattern)}*":
        # They say it all.
        return Every(bounds)
    return Every((*bounds, Comparison(like, column, like_pattern(pattern))))


def _bounds(column: ColumnElement[Any], pattern: str) -> tuple[Predicate, ...]:
    """Bound the values by what stands before the first wildcard, which an index can look up, unlike LIKE."""
    prefix = _prefix(pattern)
    if not prefix:
        return ()
    return Comparison(from_code_point, column, prefix), Comparison(to_code_point, column, prefix + _LAST)


def _prefix(pattern: str) -> str:
    return re.split(r"[*?]", pattern, maxsplit=1)[0]


def _name(attribute: Attribute, text: str) -> Predicate:
    """Match a person name without regard to case, whole or in one of its component groups (PS3.5 Section 6.2.1)."""
    column = compared(attribute)
    pattern = name_pattern(text)
    forms = [pattern]
    if pattern.endswith("^*"):
        # An asterisk stands for nothing too, and then the divider before it is not written.
        forms.append(pattern[:-2])
    if attribute.multiple:
        return Some(tuple(_one_of_several(column, like_pattern(form)) for form in forms))
    parts = [_name_form(column, form) for form in forms]
    if "=" not in pattern and not pattern.isascii():
        # Only the groups behind the first, alphabetic one hold anything but the letters of a language.
        parts += [found for form in forms for found in _in_later_groups(column, form)]
    return parts[0] if len(parts) == 1 else Some(tuple(parts))


def _name_form(column: ColumnElement[Any], pattern: str) -> Predicate:
    """Match what the column begins with, whole or as its first group."""
    if pattern.endswith("*"):
        # It stands for the groups that follow too.
        return _matching(column, pattern)
    likes = like_pattern(pattern), f"{like_pattern(pattern)}=%"
    return Every((*_bounds(column, pattern), Some(tuple(Comparison(like, column, one) for one in likes))))


def _in_later_groups(column: ColumnElement[Any], pattern: str) -> list[Predicate]:
    if column in GROUPS:
        return [Every((group.is_there, _name_form(group.text, pattern))) for group in GROUPS[column]]
    likes = (f"%={like_pattern(pattern)}", f"%={like_pattern(pattern)}=%")
    return [Comparison(like, column, one) for one in likes]


def _fuzzy_name(column: ColumnElement[Any], value: str) -> Predicate:
    """Every word of the key begins a word of the name, in whatever order they are given."""
    words = [like_pattern(word) for word in re.split(r"[\s^=,]+", normalize_name(value)) if word]
    return Every(
        tuple(Some(tuple(Comparison(like, column, f"{before}{word}%") for before in _WORD_STARTS)) for word in words)
    )


def _normal(attribute: Attribute) -> Callable[[str], str]:
    return normalize_text if attribute.normalized else str
