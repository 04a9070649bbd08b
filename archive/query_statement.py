"""The SELECT for a query: pure functions from keys and wanted attributes to one statement (PS3.4 Section C.4.1)."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, exists, func, select

from archive.query_attributes import ATTRIBUTES, Attribute, Level, Matching
from archive.query_columns import FROM, ROW, returned
from archive.query_computed import below_series, below_study, computed_condition, visible
from archive.query_conditions import Condition, condition
from archive.query_indexes import INSTANCE_KEYS, SERIES_KEYS, STUDY_KEYS, Anywhere, is_looked_up
from archive.query_keys import SingleValue, UidList, Universal
from archive.query_model import Query, is_returned
from archive.query_moments import moments
from archive.tables import instance, series, study


@dataclass(frozen=True, slots=True)
class Statement:
    """A SELECT and what its columns are.

    The first columns are the row's id, Patient ID and the UIDs of the level and those above; then come `attributes`,
    a sequence taking one column for each attribute of its item. Where there is something `above` to be read afterwards,
    the row ids of study and series come last.
    """

    select: Select[Any]
    attributes: tuple[Attribute, ...]
    identifiers: int
    above: tuple[Attribute, ...] = ()


def statement(tenant: str, query: Query) -> Statement:
    """Build the statement that answers a query."""
    tags = frozenset(tag for tag in query.wanted if is_returned(tag, query.level))
    answer = returned(query.level, tags, include_hidden=query.include_hidden)
    if answer.is_computed and query.limit is not None:
        # What is counted and collected is worked out for the rows of the page, not for all that were sorted.
        rows = _page(select(ROW[query.level]).select_from(FROM[query.level]), tenant, query)
        found = _in_order(answer.select.where(ROW[query.level].in_(rows.correlate(None))), query)
    else:
        found = _page(answer.select, tenant, query)
    return Statement(found, answer.attributes, answer.identifiers, answer.above)


def _page(chosen: Select[Any], tenant: str, query: Query) -> Select[Any]:
    """Keep to the rows of one page."""
    row = ROW[query.level]
    if query.after is not None:
        chosen = chosen.where(row < query.after if _is_newest_first(query.level) else row > query.after)
    chosen = _in_order(chosen.where(*_where(tenant, query)), query)
    if query.limit is not None:
        chosen = chosen.limit(query.limit)
    return chosen.offset(query.offset) if query.offset else chosen


def _is_newest_first(level: Level) -> bool:
    return level.depth <= Level.STUDY.depth


def _in_order(chosen: Select[Any], query: Query) -> Select[Any]:
    """Sort by id: rows get growing ones, so that the order is stable while images arrive."""
    row = ROW[query.level]
    return chosen.order_by(row.desc() if _is_newest_first(query.level) else row)


def counting(tenant: str, query: Query) -> Select[Any]:
    """Build the statement that counts the matches of a query, whatever its limit."""
    rows = select(ROW[query.level]).select_from(FROM[query.level]).where(*_where(tenant, query)).subquery()
    return select(func.count()).select_from(rows)


def _where(tenant: str, query: Query) -> list[Condition]:
    own, lower = _conditions(query)
    found = [*_of_tenant(tenant, query), *own, _seen(query.level, *lower, include_hidden=query.include_hidden)]
    if query.level.depth <= Level.STUDY.depth:
        found.extend(_named_below(tenant, query))
    if query.level is Level.PATIENT:
        # The index by patient would group, but all patients of the tenant.
        patient = Anywhere(study.c.patient_key) if is_looked_up(query) else study.c.patient_key
        newest = select(func.max(study.c.id)).where(*found).group_by(patient)
        return [study.c.id.in_(newest.correlate(None))]
    return found


def _seen(level: Level, *lower: Condition, include_hidden: bool) -> Condition:
    """Demand a visible instance, below which or in which the conditions on lower levels hold."""
    return _seen_if(level, lower, include_hidden=include_hidden) if lower else _seen_at_all(level, include_hidden)


@lru_cache
def _seen_at_all(level: Level, include_hidden: bool) -> Condition:  # noqa: FBT001 - a key of the cache
    return _seen_if(level, (), include_hidden=include_hidden)


def _seen_if(level: Level, lower: tuple[Condition, ...], *, include_hidden: bool) -> Condition:
    if level is Level.IMAGE:
        return visible(include_hidden=include_hidden)
    if level is Level.SERIES:
        joined, below = below_series(include_hidden=include_hidden)
        return exists().select_from(joined).where(below, *lower).correlate(series, study)
    joined, below = below_study(include_hidden=include_hidden)
    return exists().select_from(joined).where(below, *lower).correlate(study)


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
