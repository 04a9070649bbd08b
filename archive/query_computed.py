"""Attributes that no column holds: counts and collections over what is below (PS3.4 Section C.6, PS3.18 Section 10.6).

All of them are correlated subqueries, made only when they are asked for, and see visible instances only.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, FromClause, and_, exists, false, func, select, true

from archive.query_attributes import Attribute, Level
from archive.query_conditions import like_pattern
from archive.query_keys import AnyOf, Key, SingleValue, UidList, Wildcard
from archive.query_predicates import Among, Comparison, Condition, Every, Predicate, Some, equal, like_in_any_case
from archive.tables import instance, series, study

_DIVIDER: Final = "\\"
_other = study.alias("other_study")


def visible(*, include_hidden: bool) -> Condition:
    """Leave out instances that were rejected, unless they are asked for."""
    return true() if include_hidden else instance.c.hidden == false()


def below_study(*, include_hidden: bool) -> tuple[FromClause, Condition]:
    """Series and visible instances of the study at hand."""
    joined = series.join(instance, instance.c.series_id == series.c.id)
    return joined, and_(series.c.study_id == study.c.id, visible(include_hidden=include_hidden))


def below_series(*, include_hidden: bool) -> tuple[FromClause, Condition]:
    """Visible instances of the series at hand."""
    return instance, and_(instance.c.series_id == series.c.id, visible(include_hidden=include_hidden))


def _series_of_study(*, include_hidden: bool) -> tuple[FromClause, Condition]:
    seen = exists().where(instance.c.series_id == series.c.id, visible(include_hidden=include_hidden))
    return series, and_(series.c.study_id == study.c.id, seen.correlate(series))


def _below_patient(*, include_hidden: bool) -> tuple[FromClause, Condition]:
    joined = _other.join(series, series.c.study_id == _other.c.id).join(instance, instance.c.series_id == series.c.id)
    same_patient = and_(_other.c.tenant == study.c.tenant, _other.c.patient_key == study.c.patient_key)
    return joined, and_(same_patient, visible(include_hidden=include_hidden))


_Below = Callable[..., tuple[FromClause, Condition]]
_COUNTED: Final[dict[str, tuple[_Below, Column[Any]]]] = {
    "NumberOfPatientRelatedStudies": (_below_patient, _other.c.id),
    "NumberOfPatientRelatedSeries": (_below_patient, series.c.id),
    "NumberOfPatientRelatedInstances": (_below_patient, instance.c.id),
    "NumberOfStudyRelatedSeries": (_series_of_study, series.c.id),
    "NumberOfStudyRelatedInstances": (below_study, instance.c.id),
    "NumberOfSeriesRelatedInstances": (below_series, instance.c.id),
}
# Counted over the instances below them.
_REPEATED: Final = frozenset({"NumberOfPatientRelatedStudies", "NumberOfPatientRelatedSeries"})
_COLLECTED: Final[dict[str, tuple[_Below, Column[Any]]]] = {
    "ModalitiesInStudy": (_series_of_study, series.c.modality),
    "SOPClassesInStudy": (below_study, instance.c.sop_class_uid),
}
# What is at hand, to which the subqueries refer.
_AT_HAND: Final = {Level.PATIENT: study, Level.STUDY: study, Level.SERIES: series}


def computed(attribute: Attribute, *, include_hidden: bool) -> ColumnElement[Any]:
    """Give the value of a computed attribute: a number, or values divided by backslashes; always the same object."""
    return _computed(attribute.keyword, attribute.level, include_hidden)


@cache
def _computed(keyword: str, level: Level, include_hidden: bool) -> ColumnElement[Any]:  # noqa: FBT001 - a key
    at_hand = _AT_HAND[level]
    if keyword in _COLLECTED:
        below, column = _COLLECTED[keyword]
        joined, same = below(include_hidden=include_hidden)
        values = select(column.label("value")).select_from(joined).where(same, column != "").distinct()
        collected = values.order_by(column).correlate(at_hand).subquery()
        return select(func.aggregate_strings(collected.c.value, _DIVIDER)).scalar_subquery()
    below, column = _COUNTED[keyword]
    joined, same = below(include_hidden=include_hidden)
    # Only what is above the rows that are counted is there more than once; to look for others takes most of the time.
    once = keyword not in _REPEATED
    counted = select(func.count() if once else func.count(column.distinct())).select_from(joined).where(same)
    return counted.correlate(at_hand).scalar_subquery()


def computed_predicate(attribute: Attribute, key: Key, *, include_hidden: bool) -> Predicate:
    """Compare a computed attribute with a key: a number is equal, one of the collected values matches.

    Of what is collected the predicate is about one value: `has_collected` demands it.
    """
    keys = key.keys if isinstance(key, AnyOf) else (key,)
    if attribute.keyword in _COUNTED:
        number = computed(attribute, include_hidden=include_hidden)
        return Some(tuple(Comparison(equal, number, int(one.value)) for one in keys if isinstance(one, SingleValue)))
    _, column = _COLLECTED[attribute.keyword]
    return Some(tuple(_collected(column, one) for one in keys))


def has_collected(attribute: Attribute, matches: Condition, *, include_hidden: bool) -> Condition:
    """Demand that one of the collected values matches; a number matches as it is."""
    if attribute.keyword in _COUNTED:
        return matches
    below, _ = _COLLECTED[attribute.keyword]
    joined, same = below(include_hidden=include_hidden)
    return exists().select_from(joined).where(same, matches).correlate(_AT_HAND[attribute.level])


def _collected(column: Column[Any], key: Key) -> Predicate:
    match key:
        case SingleValue(value=value):
            return Comparison(equal, column, value)
        case UidList(values=values):
            return Among(column, values)
        case Wildcard(pattern=pattern):
            return Comparison(like_in_any_case, column, like_pattern(pattern).lower())
        case _:
            return Every(())
