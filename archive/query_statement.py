"""The SELECT for a query: pure functions from keys and wanted attributes to one statement (PS3.4 Section C.4.1)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, FromClause, Select, exists, func, select

from archive.query_attributes import ATTRIBUTES, Attribute, Level, Matching
from archive.query_computed import below_series, below_study, computed, computed_condition, visible
from archive.query_conditions import Condition, condition
from archive.query_indexes import INSTANCE_KEYS, SERIES_KEYS, STUDY_KEYS, Anywhere, is_looked_up
from archive.query_keys import SingleValue, UidList, Universal
from archive.query_model import Query, is_returned
from archive.query_moments import moments
from archive.tables import instance, series, study

_FROM: Final[dict[Level, FromClause]] = {
    Level.PATIENT: study,
    Level.STUDY: study,
    Level.SERIES: series.join(study, series.c.study_id == study.c.id),
    Level.IMAGE: instance.join(series, instance.c.series_id == series.c.id).join(
        study, series.c.study_id == study.c.id
    ),
}
_ROW: Final[dict[Level, Column[int]]] = {
    Level.PATIENT: study.c.id,
    Level.STUDY: study.c.id,
    Level.SERIES: series.c.id,
    Level.IMAGE: instance.c.id,
}


@dataclass(frozen=True, slots=True)
class Statement:
    """A SELECT and what its columns are.

    The first columns are the row's id, Patient ID and the UIDs of the level and those above; then come `attributes`,
    a sequence taking one column for each attribute of its item.
    """

    select: Select[Any]
    attributes: tuple[Attribute, ...]
    identifiers: int


def statement(tenant: str, query: Query) -> Statement:
    """Build the statement that answers a query."""
    identifiers = _identifiers(query.level)
    attributes = tuple(ATTRIBUTES[tag] for tag in sorted(query.wanted) if is_returned(tag, query.level))
    columns = [
        column for attribute in attributes for column in _returned(attribute, include_hidden=query.include_hidden)
    ]
    chosen = select(*identifiers, *columns).select_from(_FROM[query.level])
    if query.limit is None and not query.offset:
        found = _in_order(chosen.where(*_where(tenant, query)), query)
    else:
        # What is counted and collected is worked out for the rows of the page, not for all that were sorted.
        rows = _page(tenant, query).correlate(None)
        found = _in_order(chosen.where(_ROW[query.level].in_(rows)), query)
    return Statement(found, attributes, len(identifiers))


def _page(tenant: str, query: Query) -> Select[Any]:
    """Select the ids of the rows of one page."""
    rows = select(_ROW[query.level]).select_from(_FROM[query.level]).where(*_where(tenant, query))
    return _in_order(rows, query).limit(query.limit).offset(query.offset or None)


def _in_order(chosen: Select[Any], query: Query) -> Select[Any]:
    """Sort by id: rows get growing ones, so that the order is stable while images arrive."""
    row = _ROW[query.level]
    newest_first = query.level.depth <= Level.STUDY.depth
    if query.after is not None:
        chosen = chosen.where(row < query.after if newest_first else row > query.after)
    return chosen.order_by(row.desc() if newest_first else row)


def counting(tenant: str, query: Query) -> Select[Any]:
    """Build the statement that counts the matches of a query, whatever its limit."""
    rows = select(_ROW[query.level]).select_from(_FROM[query.level]).where(*_where(tenant, query)).subquery()
    return select(func.count()).select_from(rows)


def _identifiers(level: Level) -> list[ColumnElement[Any]]:
    columns: list[ColumnElement[Any]] = [_ROW[level], study.c.patient_id]
    if level.depth >= Level.STUDY.depth:
        columns.append(study.c.study_instance_uid)
    if level.depth >= Level.SERIES.depth:
        columns.append(series.c.series_instance_uid)
    if level.depth >= Level.IMAGE.depth:
        columns.append(instance.c.sop_instance_uid)
    return columns


def _returned(attribute: Attribute, *, include_hidden: bool) -> Iterator[ColumnElement[Any]]:
    if attribute.matching is Matching.SEQUENCE:
        for item in attribute.items.values():
            yield from _returned(item, include_hidden=include_hidden)
    elif attribute.column is not None:
        # A label of its own for each: two tables have a column of the same name.
        yield attribute.column.label(f"a{attribute.tag:08x}")
    else:
        yield computed(attribute, include_hidden=include_hidden).label(f"a{attribute.tag:08x}")


def _where(tenant: str, query: Query) -> list[Condition]:
    own, lower = _conditions(query)
    seen = visible(include_hidden=query.include_hidden)
    found = [*_of_tenant(tenant, query), *own]
    match query.level:
        case Level.IMAGE:
            return [*found, seen]
        case Level.SERIES:
            joined, below = below_series(include_hidden=query.include_hidden)
            return [*found, exists().select_from(joined).where(below, *lower).correlate(series, study)]
        case _:
            joined, below = below_study(include_hidden=query.include_hidden)
            found.append(exists().select_from(joined).where(below, *lower).correlate(study))
            found.extend(_named_below(tenant, query))
    if query.level is Level.PATIENT:
        # The index by patient would group, but all patients of the tenant.
        patient = Anywhere(study.c.patient_key) if is_looked_up(query) else study.c.patient_key
        newest = select(func.max(study.c.id)).where(*found).group_by(patient)
        return [study.c.id.in_(newest.correlate(None))]
    return found


def _of_tenant(tenant: str, query: Query) -> list[Condition]:
    """Keep to the tenant in every table: the indexes begin with it, and serve where a key is looked up in them."""
    if query.level is Level.PATIENT and not is_looked_up(query):
        return [study.c.tenant == tenant]
    tables = ((study, STUDY_KEYS), (series, SERIES_KEYS), (instance, INSTANCE_KEYS))[: max(query.level.depth, 1)]
    return [
        table.c.tenant == tenant if is_looked_up(query, keys) else Anywhere(table.c.tenant) == tenant
        for table, keys in tables
    ]


def _named_below(tenant: str, query: Query) -> Iterator[Condition]:
    """Look the study of a series or instance up by its UID, instead of looking into every study."""
    for (tag,), table in ((SERIES_KEYS, series), (INSTANCE_KEYS, instance)):
        key = query.keys.get(tag)
        if isinstance(key, SingleValue | UidList):
            joined = series if table is series else instance.join(series, instance.c.series_id == series.c.id)
            named = select(series.c.study_id).select_from(joined)
            named = named.where(table.c.tenant == tenant, condition(ATTRIBUTES[tag], key))
            yield study.c.id.in_(named.correlate(None))


def _conditions(query: Query) -> tuple[list[Condition], list[Condition]]:
    """Divide the conditions into those on the row at hand and those on what is below it."""
    own: list[Condition] = []
    lower: list[Condition] = []
    # A patient is represented by a study, so conditions on studies are conditions on its own row.
    depth = max(query.level.depth, Level.STUDY.depth)
    for tag, key in query.keys.items():
        attribute = ATTRIBUTES.get(tag)
        if attribute is None or isinstance(key, Universal):
            continue
        if attribute.matching is Matching.COMPUTED:
            if attribute.level.depth <= query.level.depth:
                own.append(computed_condition(attribute, key, include_hidden=query.include_hidden))
        else:
            target = own if attribute.level.depth <= depth else lower
            together = moments(query, tag)
            target.append(condition(attribute, key, fuzzy=query.fuzzy) if together is None else together)
    return own, lower
