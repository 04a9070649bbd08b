"""Statements ready to run, kept by the shape of the query: only the values differ between two questions of a client."""

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain, islice
from typing import Any, Final, TypeAlias

from sqlalchemy import Dialect, Select

from archive.query_attributes import Attribute
from archive.query_predicates import shape, value_name, values
from archive.query_statement import AFTER, LIMIT, OFFSET, TENANT, Asked, answer_of, statement

Parameters: TypeAlias = tuple[Any, ...] | Mapping[str, Any]

# More than a hospital's systems have ways of asking; without a bound a peer could fill the memory.
_REMEMBERED: Final = 512
# Statements of more values, such as long lists of UIDs, are large and seldom asked for twice.
_MOST_VALUES: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A statement as the driver takes it, and what its columns are.

    Parameters
    ----------
    sql
        The text.
    names
        Of the parameters in their order, where the driver takes them by position.
    constants
        Parameters that are the same for all queries of this shape.
    attributes, identifiers, above
        As in `archive.query_columns.Returned`.
    """

    sql: str
    names: tuple[str, ...] | None
    constants: Mapping[str, Any]
    attributes: tuple[Attribute, ...]
    identifiers: int
    above: tuple[Attribute, ...]

    def parameters(self, asked: Asked) -> Parameters:
        """Put the values of a query in their places."""
        query = asked.query
        found = {**self.constants, TENANT: asked.tenant, LIMIT: query.limit, OFFSET: query.offset, AFTER: query.after}
        found.update((value_name(number), value) for number, value in enumerate(_values(asked)))
        if self.names is None:
            return {name: found[name] for name in self.constants}
        return tuple(found[name] for name in self.names)


Build: TypeAlias = Callable[[Asked], Select[Any]]


@dataclass(frozen=True, slots=True)
class _Shape:
    """What a plan depends on, with a query of this shape to make it from."""

    key: Hashable
    build: Build
    asked: Asked = field(compare=False)
    dialect: Dialect = field(compare=False)


def plan(dialect: Dialect, asked: Asked, build: Build = statement) -> Plan:
    """Give the plan for a query: of `statement`, or of `counting` its matches."""
    query = asked.query
    key = (
        dialect.name,
        query.level,
        query.wanted,
        query.include_hidden,
        query.limit is None,
        not query.offset,
        query.after is None,
        tuple((tag, shape(one)) for tag, one in asked.predicates.items()),
    )
    one = _Shape(key, build, asked, dialect)
    few = next(islice(_values(asked), _MOST_VALUES, None), None) is None
    return _kept(one) if few else _planned(one)


@lru_cache(maxsize=_REMEMBERED)
def _kept(one: _Shape) -> Plan:
    return _planned(one)


def _values(asked: Asked) -> Iterator[str | int]:
    return chain.from_iterable(map(values, asked.predicates.values()))


def _planned(one: _Shape) -> Plan:
    compiled = one.build(one.asked).compile(dialect=one.dialect, compile_kwargs={"render_postcompile": True})
    positions = compiled.positiontup
    answer = answer_of(one.asked.query)
    return Plan(
        sql=str(compiled),
        names=None if positions is None else tuple(positions),
        constants=dict(compiled.params),
        attributes=answer.attributes,
        identifiers=answer.identifiers,
        above=answer.above,
    )
