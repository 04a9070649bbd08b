"""What a query compares, and how: trees of comparisons whose shape is known apart from their values.

Clients ask the same questions with other values again and again. Of a shape the statement is built once.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, TypeAlias

from sqlalchemy import ColumnElement, Text, and_, bindparam, false, func, literal, or_, true
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

ESCAPE: Final = "\\"
VALUE: Final = "value_"
"""Names of bound values begin so; numbers in order of the tree follow."""

Condition: TypeAlias = ColumnElement[bool]
Compared: TypeAlias = ColumnElement[Any]
Operator: TypeAlias = Callable[[Compared, Compared], Condition]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A column, or what is worked out of columns, compared with one value."""

    operator: Operator
    compared: Compared
    value: str | int


@dataclass(frozen=True, slots=True)
class Among:
    """A column that has one of some values."""

    compared: Compared
    values: tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Every:
    """All of these hold; true where there are none."""

    parts: tuple["Predicate", ...]


@dataclass(frozen=True, slots=True)
class Some:
    """One of these holds; false where there are none."""

    parts: tuple["Predicate", ...]


@dataclass(frozen=True, slots=True)
class Given:
    """A condition without a value of the query."""

    condition: Condition


Predicate: TypeAlias = Comparison | Among | Every | Some | Given


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


def equal(compared: Compared, value: Compared) -> Condition:
    """Be this value."""
    return compared == value


def at_least(compared: Compared, value: Compared) -> Condition:
    """Be this value or one after it."""
    return compared >= value


def at_most(compared: Compared, value: Compared) -> Condition:
    """Be this value or one before it."""
    return compared <= value


def after(compared: Compared, value: Compared) -> Condition:
    """Come after this value."""
    return compared > value


def before(compared: Compared, value: Compared) -> Condition:
    """Come before this value."""
    return compared < value


def other_than(compared: Compared, value: Compared) -> Condition:
    """Be anything but this value."""
    return compared != value


def from_code_point(compared: Compared, value: Compared) -> Condition:
    """Be this text or one after it by code points."""
    return ByCodePoint(compared) >= value


def to_code_point(compared: Compared, value: Compared) -> Condition:
    """Be this text or one before it by code points."""
    return ByCodePoint(compared) <= value


def like(compared: Compared, value: Compared) -> Condition:
    """Be like this pattern."""
    return compared.like(value, escape=ESCAPE)


def like_in_any_case(compared: Compared, value: Compared) -> Condition:
    """Be like this pattern of small letters: LIKE ignores case on one database and not on the other."""
    return func.lower(compared).like(value, escape=ESCAPE)


def like_one_of_several(compared: Compared, value: Compared) -> Condition:
    """Have a value like this pattern, among several that are divided by backslashes."""
    return (literal("\\") + compared + literal("\\")).like(value, escape=ESCAPE)


_BOUNDING: Final = frozenset({equal, at_least, at_most, from_code_point, to_code_point})


def is_bounded(predicate: Predicate) -> bool:
    """Tell whether an index of what is compared finds the rows."""
    match predicate:
        case Comparison(operator=operator):
            return operator in _BOUNDING
        case Among():
            return True
        case Every(parts=parts):
            return any(map(is_bounded, parts))
        case Some(parts=parts):
            return all(map(is_bounded, parts))
        case Given():
            return False


def shape(predicate: Predicate) -> Hashable:
    """Return what a statement depends on: all of a tree but its values."""
    match predicate:
        case Comparison(operator=operator, compared=compared):
            return operator, compared
        case Among(compared=compared, values=found):
            return compared, len(found)
        case Every(parts=parts):
            return all, *map(shape, parts)
        case Some(parts=parts):
            return any, *map(shape, parts)
        case Given(condition=condition):
            return condition


def values(predicate: Predicate) -> Iterator[str | int]:
    """Yield the values of a tree, in the order in which `expression` numbers them."""
    match predicate:
        case Comparison(value=value):
            yield value
        case Among(values=found):
            yield from found
        case Every(parts=parts) | Some(parts=parts):
            for part in parts:
                yield from values(part)
        case Given():
            pass


def expression(predicate: Predicate, numbers: Iterator[int]) -> Condition:
    """Write a tree in SQL, each value bound to a name with the next of `numbers`."""
    match predicate:
        case Comparison(operator=operator, compared=compared, value=value):
            return operator(compared, _bound(value, numbers))
        case Among(compared=compared, values=found):
            return compared.in_([_bound(value, numbers) for value in found])
        case Every(parts=parts):
            return and_(true(), *_expressions(parts, numbers))
        case Some(parts=parts):
            return or_(false(), *_expressions(parts, numbers))
        case Given(condition=condition):
            return condition


def _expressions(parts: Iterable[Predicate], numbers: Iterator[int]) -> list[Condition]:
    return [expression(part, numbers) for part in parts]


def _bound(value: str | int, numbers: Iterator[int]) -> Compared:
    return bindparam(value_name(next(numbers)), value)


@lru_cache(maxsize=1024)
def value_name(number: int) -> str:
    """Give the name of a bound value."""
    return f"{VALUE}{number}"
