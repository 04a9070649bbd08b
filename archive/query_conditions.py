"""From a key to a condition in SQL that means the same on every database (PS3.4 Section C.2.2.2)."""

import re
from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import ColumnElement, Text, and_, func, literal, or_, true
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from archive.matching import normalize_name, normalize_text
from archive.query_attributes import Attribute, Matching
from archive.query_keys import AnyOf, Key, Range, SequenceKey, SingleValue, UidList, Universal, Wildcard

ESCAPE: Final = "\\"
# The greatest code point: nothing that starts with a prefix sorts after the prefix followed by it.
_LAST: Final = "\U0010ffff"

Condition = ColumnElement[bool]


class ByCodePoint(FunctionElement[str]):
    """A text column compared by code points, not by a language's rules: only so do prefixes bound a range."""

    inherit_cache = True
    name = "by_code_point"
    type = Text()


@compiles(ByCodePoint)
def _as_it_is(element: ByCodePoint, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.clauses, **options)


@compiles(ByCodePoint, "postgresql")
def _in_c_collation(element: ByCodePoint, compiler: SQLCompiler, **options: Any) -> str:
    return f'{compiler.process(element.clauses, **options)} COLLATE "C"'


def condition(attribute: Attribute, key: Key, *, fuzzy: bool = False) -> Condition:
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
            return true()
        case AnyOf(keys=keys):
            return or_(*(condition(attribute, one, fuzzy=fuzzy) for one in keys))
        case SequenceKey(keys=keys):
            return and_(true(), *(condition(attribute.items[tag], one) for tag, one in keys.items()))
        case _:
            return _comparison(attribute, key, fuzzy=fuzzy)


def _comparison(attribute: Attribute, key: Range | UidList | SingleValue | Wildcard, *, fuzzy: bool) -> Condition:
    match key:
        case Range(first=first, last=last):
            return _within(_compared(attribute), first, last)
        case UidList(values=values):
            return _compared(attribute).in_(values)
        case SingleValue(value=value):
            return _single(attribute, value, fuzzy=fuzzy)
        case Wildcard(pattern=pattern):
            return _wildcard(attribute, pattern)


def like_pattern(pattern: str) -> str:
    """Translate DICOM wildcards to those of LIKE; what LIKE would take for a wildcard stands for itself."""
    escaped = pattern.replace(ESCAPE, ESCAPE * 2).replace("%", ESCAPE + "%").replace("_", ESCAPE + "_")
    return escaped.replace("*", "%").replace("?", "_")


def _compared(attribute: Attribute) -> ColumnElement[Any]:
    column = attribute.match_column
    if column is None:
        raise LookupError(attribute.keyword)
    return column


def _within(column: ColumnElement[Any], first: str | None, last: str | None) -> Condition:
    bounds = [column != ""]
    if first is not None:
        bounds.append(column >= first)
    if last is not None:
        bounds.append(column <= last)
    return and_(*bounds)


def _single(attribute: Attribute, value: str, *, fuzzy: bool) -> Condition:
    column = _compared(attribute)
    match attribute.matching:
        case Matching.NAME:
            return _fuzzy_name(column, value) if fuzzy else _name(attribute, value)
        case Matching.NUMBER:
            return column == int(value)
        case Matching.TIME:
            # 1030 means the whole minute, and stored times differ in how far they are written out.
            return column.like(f"{value}%")
        case Matching.TEXT if attribute.multiple:
            return _one_of_several(attribute, like_pattern(_normal(attribute)(value)))
        case _:
            return column == _normal(attribute)(value)


def _wildcard(attribute: Attribute, pattern: str) -> Condition:
    if attribute.matching is Matching.NAME:
        return _name(attribute, pattern)
    column, normal = _compared(attribute), _normal(attribute)(pattern)
    if attribute.multiple:
        return _one_of_several(attribute, like_pattern(normal))
    if not attribute.normalized:
        # LIKE ignores case on one database and not on the other; folding both sides makes them agree.
        return func.lower(column).like(like_pattern(normal).lower(), escape=ESCAPE)
    return and_(_begins(column, normal), column.like(like_pattern(normal), escape=ESCAPE))


def _one_of_several(attribute: Attribute, like: str) -> Condition:
    values = literal("\\") + _compared(attribute) + literal("\\")
    divider = ESCAPE * 2
    return values.like(f"%{divider}{like}{divider}%", escape=ESCAPE)


def _begins(column: ColumnElement[Any], pattern: str) -> Condition:
    """Bound the values by what stands before the first wildcard, which an index can look up, unlike LIKE."""
    prefix = re.split(r"[*?]", pattern, maxsplit=1)[0]
    if not prefix:
        return true()
    by_code_point = ByCodePoint(column)
    return and_(by_code_point >= prefix, by_code_point <= prefix + _LAST)


def _name(attribute: Attribute, text: str) -> Condition:
    """Match a person name without regard to case, whole or in one of its component groups (PS3.5 Section 6.2.1)."""
    column = _compared(attribute)
    pattern = normalize_name(text)
    forms = [pattern]
    if pattern.endswith("^*"):
        # An asterisk stands for nothing too, and then the divider before it is not written.
        forms.append(pattern[:-2])
    if attribute.multiple:
        return or_(*(_one_of_several(attribute, like_pattern(form)) for form in forms))
    return or_(*(_name_form(column, form) for form in forms))


def _name_form(column: ColumnElement[Any], pattern: str) -> Condition:
    like = like_pattern(pattern)
    likes = [like, f"{like}=%"]
    if "=" in pattern or pattern.isascii():
        # The alphabetic group stands first, so that an index finds it; only the others hold anything but ASCII.
        return and_(_begins(column, pattern), or_(*(column.like(one, escape=ESCAPE) for one in likes)))
    likes += [f"%={like}", f"%={like}=%"]
    return or_(*(column.like(one, escape=ESCAPE) for one in likes))


def _fuzzy_name(column: ColumnElement[Any], value: str) -> Condition:
    """Every word of the key begins a word of the name, in whatever order they are given."""
    words = [like_pattern(word) for word in re.split(r"[\s^=,]+", normalize_name(value)) if word]
    return and_(
        true(),
        *(
            or_(*(column.like(f"{before}{word}%", escape=ESCAPE) for before in ("", "%^", "% ", "%=", "%-")))
            for word in words
        ),
    )


def _normal(attribute: Attribute) -> Callable[[str], str]:
    return normalize_text if attribute.normalized else str
