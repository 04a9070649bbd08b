"""What a statement returns. Clients ask for the same attributes again and again, so that what was built is kept."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, FromClause, Select, select

from archive.query_above import is_above
from archive.query_attributes import ATTRIBUTES, Attribute, Level, Matching
from archive.query_computed import computed
from archive.tables import instance, series, study

# More than a hospital's systems have ways of asking; without a bound a peer could fill the memory.
_REMEMBERED: Final = 256

FROM: Final[Mapping[Level, FromClause]] = {
    Level.PATIENT: study,
    Level.STUDY: study,
    Level.SERIES: series.join(study, series.c.study_id == study.c.id),
    Level.IMAGE: instance.join(series, instance.c.series_id == series.c.id).join(
        study, series.c.study_id == study.c.id
    ),
}
ROW: Final[Mapping[Level, Column[int]]] = {
    Level.PATIENT: study.c.id,
    Level.STUDY: study.c.id,
    Level.SERIES: series.c.id,
    Level.IMAGE: instance.c.id,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """A SELECT without conditions.

    Parameters
    ----------
    select
        Row id, Patient ID, the UIDs of the level and those above, then the attributes; a sequence takes one column for
        each attribute of its item. At the end the row ids of study and series where there is something `above`.
    attributes
        In the order of the columns.
    identifiers
        How many columns stand before them.
    above
        Attributes that are read afterwards, for all matches of a study or series at once.
    is_computed
        True when some are worked out over what is below the row.
    """

    select: Select[Any]
    attributes: tuple[Attribute, ...]
    identifiers: int
    above: tuple[Attribute, ...]
    is_computed: bool


@lru_cache(maxsize=_REMEMBERED)
def returned(level: Level, tags: frozenset[int], *, include_hidden: bool) -> Returned:
    """Build the SELECT of a level for attributes that it can return."""
    identifiers = _identifiers(level)
    wanted = [ATTRIBUTES[tag] for tag in sorted(tags)]
    above = tuple(attribute for attribute in wanted if is_above(attribute, level))
    attributes = tuple(attribute for attribute in wanted if not is_above(attribute, level))
    columns = [column for attribute in attributes for column in _columns(attribute, include_hidden=include_hidden)]
    keys = [study.c.id.label("above_study"), series.c.id.label("above_series")] if above else []
    return Returned(
        select=select(*identifiers, *columns, *keys).select_from(FROM[level]),
        attributes=attributes,
        identifiers=len(identifiers),
        above=above,
        is_computed=any(attribute.matching is Matching.COMPUTED for attribute in attributes),
    )


def _identifiers(level: Level) -> list[ColumnElement[Any]]:
    columns: list[ColumnElement[Any]] = [ROW[level], study.c.patient_id]
    if level.depth >= Level.STUDY.depth:
        columns.append(study.c.study_instance_uid)
    if level.depth >= Level.SERIES.depth:
        columns.append(series.c.series_instance_uid)
    if level.depth >= Level.IMAGE.depth:
        columns.append(instance.c.sop_instance_uid)
    return columns


def _columns(attribute: Attribute, *, include_hidden: bool) -> Iterator[ColumnElement[Any]]:
    if attribute.matching is Matching.SEQUENCE:
        for item in attribute.items.values():
            yield from _columns(item, include_hidden=include_hidden)
    elif attribute.column is not None:
        # A label of its own for each: two tables have a column of the same name.
        yield attribute.column.label(f"a{attribute.tag:08x}")
    else:
        yield computed(attribute, include_hidden=include_hidden).label(f"a{attribute.tag:08x}")
