"""Counts and collections of the study and series above a match: worked out once, not for every match below."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Connection, Select, bindparam, select

from archive.query_attributes import ATTRIBUTES, Attribute, Level, Matching
from archive.query_computed import computed
from archive.tables import series, study

_TABLES: Final = {Level.STUDY: study, Level.SERIES: series}
_REMEMBERED: Final = 64

Above = Mapping[int, Any]
"""Cells by tag."""


def is_above(attribute: Attribute, level: Level) -> bool:
    """Tell whether an attribute is worked out of rows that many matches of a level have in common."""
    below_study = level.depth > Level.STUDY.depth
    return attribute.matching is Matching.COMPUTED and below_study and attribute.level.depth < level.depth


def read_above(
    connection: Connection, attributes: Sequence[Attribute], keys: Iterable[tuple[int, int]], *, include_hidden: bool
) -> Mapping[tuple[int, int], Above]:
    """Read attributes of studies and series.

    Parameters
    ----------
    attributes
        Those that `is_above` is true of.
    keys
        Row ids of study and series of each match.
    include_hidden
        As in the query.

    Returns
    -------
    mapping
        By study and series.
    """
    pairs = set(keys)
    of_series = frozenset(one.tag for one in attributes if one.level is Level.SERIES)
    of_study = frozenset(one.tag for one in attributes) - of_series
    studies = _read(connection, Level.STUDY, of_study, {pair[0] for pair in pairs}, include_hidden)
    lists = _read(connection, Level.SERIES, of_series, {pair[1] for pair in pairs}, include_hidden)
    return {pair: {**studies.get(pair[0], {}), **lists.get(pair[1], {})} for pair in pairs}


def _read(
    connection: Connection,
    level: Level,
    tags: frozenset[int],
    rows: set[int],
    include_hidden: bool,  # noqa: FBT001 - a key of the cache
) -> dict[int, Above]:
    if not tags:
        return {}
    found = connection.execute(_statement(level, tags, include_hidden), {"rows": sorted(rows)})
    return {row[0]: dict(zip(sorted(tags), row[1:], strict=True)) for row in found}


@lru_cache(maxsize=_REMEMBERED)
def _statement(level: Level, tags: frozenset[int], include_hidden: bool) -> Select[Any]:  # noqa: FBT001 - as above
    table = _TABLES[level]
    columns = [computed(ATTRIBUTES[tag], include_hidden=include_hidden).label(f"a{tag:08x}") for tag in sorted(tags)]
    return select(table.c.id, *columns).where(table.c.id.in_(bindparam("rows", expanding=True)))
