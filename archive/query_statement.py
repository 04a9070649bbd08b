"""The SELECT for a query: pure functions from keys and wanted attributes to one statement (PS3.4 Section C.4.1)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from typing import Any, Final

from sqlalchemy import BindParameter, Integer, Select, bindparam, exists, func, select, union_all

from archive.query_attributes import ATTRIBUTES, Attribute, Level, Matching
from archive.query_columns import FROM, ROW, Returned, returned
from archive.query_computed import below_series, below_study, computed_predicate, has_collected, visible
from archive.query_conditions import predicate
from archive.query_indexes import (
    INSTANCE_KEYS,
    SERIES_KEYS,
    STUDY_KEYS,
    Anywhere,
    is_looked_up,
    is_looked_up_apart,
)
from archive.query_keys import SingleValue, UidList, Universal
from archive.query_model import Query, is_returned
from archive.query_moments import DATE_OF, moments
from archive.query_predicates import Condition, Every, Predicate, Some, expression
from archive.query_zones import zoned
from archive.tables import instance, series, study

TENANT: Final = "tenant"
LIMIT: Final = "row_limit"
OFFSET: Final = "row_offset"
AFTER: Final = "after_row"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A query, its keys as predicates.

    Parameters
    ----------
    tenant, query
        As given.
    predicates
        By tag.
    """

    tenant: str
    query: Query
    predicates: Mapping[int, Predicate]

    @property
    def level(self) -> Level:
        """The level of the query."""
        return self.query.level


def ask(tenant: str, query: Query, zones: Iterable[str] = ()) -> Asked:
    """Make predicates of the keys that the index has; universal keys choose nothing.

    Parameters
    ----------
    tenant, query
        Whose objects, and what.
    zones
        The zones of the studies, for a query that is `archive.query_zones.is_zoned`.
    """
    events = zoned(query, zones) if query.zone is not None else {}
    moved = {tag for pair in DATE_OF.items() if not events.keys().isdisjoint(pair) for tag in pair}
    found = {
        tag: _predicate(query, tag, attribute)
        for tag, key in query.keys.items()
        if tag not in moved and (attribute := ATTRIBUTES.get(tag)) is not None and not isinstance(key, Universal)
    }
    return Asked(tenant=tenant, query=query, predicates={**found, **events})


def _predicate(query: Query, tag: int, attribute: Attribute) -> Predicate:
    if attribute.matching is Matching.COMPUTED:
        if attribute.level.depth > query.level.depth:
            return Every(())
        return computed_predicate(attribute, query.keys[tag], include_hidden=query.include_hidden)
    return moments(query, tag) or predicate(attribute, query.keys[tag], fuzzy=query.fuzzy)


def answer_of(query: Query) -> Returned:
    """Say what the statement returns."""
    tags = frozenset(tag for tag in query.wanted if is_returned(tag, query.level))
    return returned(query.level, tags, include_hidden=query.include_hidden)


def statement(asked: Asked) -> Select[Any]:
    """Build the statement that answers a query."""
    answer, level = answer_of(asked.query), asked.level
    if answer.is_computed and asked.query.limit is not None:
        # What is counted and collected is worked out for the rows of the page, not for all that were sorted.
        rows = _page(select(ROW[level]).select_from(FROM[level]), asked)
        return _in_order(answer.select.where(ROW[level].in_(rows.correlate(None))), level)
    return _page(answer.select, asked)


def counting(asked: Asked) -> Select[Any]:
    """Build the statement that counts the matches of a query: those of the page, where there is a limit."""
    # Which of them the page has makes no difference to their number.
    rows = _page(select(ROW[asked.level]).select_from(FROM[asked.level]), asked).order_by(None).subquery()
    return select(func.count()).select_from(rows)


def _page(chosen: Select[Any], asked: Asked) -> Select[Any]:
    """Keep to the rows of one page."""
    query, row = asked.query, ROW[asked.level]
    if query.after is not None:
        position = _number(AFTER, query.after)
        chosen = chosen.where(row < position if _is_newest_first(query.level) else row > position)
    chosen = _in_order(chosen.where(*_where(asked)), query.level)
    if query.limit is not None:
        chosen = chosen.limit(_number(LIMIT, query.limit))
    return chosen.offset(_number(OFFSET, query.offset)) if query.offset else chosen


def _number(name: str, value: int) -> BindParameter[int]:
    return bindparam(name, value, type_=Integer)


def _is_newest_first(level: Level) -> bool:
    return level.depth <= Level.STUDY.depth


def _in_order(chosen: Select[Any], level: Level) -> Select[Any]:
    """Sort by id: rows get growing ones, so that the order is stable while images arrive."""
    row = ROW[level]
    return chosen.order_by(row.desc() if _is_newest_first(level) else row)


def _where(asked: Asked) -> list[Condition]:
    conditions = dict(_conditions(asked))
    own, lower = _divide(asked, conditions)
    seen = _seen(asked.level, *lower, include_hidden=asked.query.include_hidden)
    found = [*_of_tenant(asked), *own, seen]
    if asked.level.depth <= Level.STUDY.depth:
        found.extend(_named_below(asked, conditions))
    if asked.level is Level.PATIENT:
        # The index by patient would group, but all patients of the tenant.
        patient = Anywhere(study.c.patient_key) if is_looked_up(asked.predicates) else study.c.patient_key
        newest = select(func.max(study.c.id)).where(*found).group_by(patient)
        return [study.c.id.in_(newest.correlate(None))]
    return found


def _conditions(asked: Asked) -> Iterator[tuple[int, Condition]]:
    """Write the predicates in SQL, by tag; the values are numbered in this order."""
    numbers = count()
    for tag, one in asked.predicates.items():
        attribute = ATTRIBUTES[tag]
        if isinstance(one, Some) and is_looked_up_apart(tag, one):
            yield tag, _looked_up_apart(asked, one, numbers)
        elif attribute.matching is Matching.COMPUTED and one != Every(()):
            matches = expression(one, numbers)
            yield tag, has_collected(attribute, matches, include_hidden=asked.query.include_hidden)
        else:
            yield tag, expression(one, numbers)


def _looked_up_apart(asked: Asked, one: Some, numbers: Iterator[int]) -> Condition:
    """Search each index for itself: neither database does so for an OR of its own accord."""
    own = study.c.tenant == bindparam(TENANT, asked.tenant)
    searches = [select(study.c.id).where(own, expression(part, numbers)).correlate(None) for part in one.parts]
    return study.c.id.in_(union_all(*searches))


def _divide(asked: Asked, conditions: Mapping[int, Condition]) -> tuple[list[Condition], list[Condition]]:
    """Divide the conditions into those on the row at hand and those on what is below it."""
    own: list[Condition] = []
    lower: list[Condition] = []
    # A patient is represented by a study, so conditions on studies are conditions on its own row.
    depth = max(asked.level.depth, Level.STUDY.depth)
    for tag, condition in conditions.items():
        attribute = ATTRIBUTES[tag]
        is_own = attribute.matching is Matching.COMPUTED or attribute.level.depth <= depth
        (own if is_own else lower).append(condition)
    return own, lower


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


def _of_tenant(asked: Asked) -> list[Condition]:
    """Keep to the tenant in every table: the indexes begin with it, and serve where a key is looked up in them."""
    tenant: BindParameter[str] = bindparam(TENANT, asked.tenant)
    if asked.level is Level.PATIENT and not is_looked_up(asked.predicates):
        return [study.c.tenant == tenant]
    tables = ((study, STUDY_KEYS), (series, SERIES_KEYS), (instance, INSTANCE_KEYS))[: max(asked.level.depth, 1)]
    return [
        table.c.tenant == tenant if is_looked_up(asked.predicates, keys) else Anywhere(table.c.tenant) == tenant
        for table, keys in tables
    ]


def _named_below(asked: Asked, conditions: Mapping[int, Condition]) -> Iterator[Condition]:
    """Look the study of a series or instance up by its UID, instead of looking into every study."""
    for (tag,), table in ((SERIES_KEYS, series), (INSTANCE_KEYS, instance)):
        if isinstance(asked.query.keys.get(tag), SingleValue | UidList):
            joined = series if table is series else instance.join(series, instance.c.series_id == series.c.id)
            named = select(series.c.study_id).select_from(joined)
            named = named.where(table.c.tenant == bindparam(TENANT, asked.tenant), conditions[tag])
            yield study.c.id.in_(named.correlate(None))
