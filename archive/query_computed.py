"""Attributes that no column holds: counts and collections over what is below (PS3.4 Section C.6, PS3.18 Section 10.6).

All of them are correlated subqueries, made only when they are asked for, and see visible instances only.
"""

from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, FromClause, and_, exists, false, func, or_, select, true

from archive.query_attributes import Attribute, Level
from archive.query_conditions import Condition, like_pattern
from archive.query_keys import AnyOf, Key, SingleValue, UidList, Wildcard
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
_COLLECTED: Final[dict[str, tuple[_Below, Column[Any]]]] = {
    "ModalitiesInStudy": (_series_of_study, series.c.modality),
    "SOPClassesInStudy": (below_study, instance.c.sop_class_uid),
}
# What is at hand, to which the subqueries refer.
_AT_HAND: Final = {Level.PATIENT: study, Level.STUDY: study, Level.SERIES: series}


def computed(attribute: Attribute, *, include_hidden: bool) -> ColumnElement[Any]:
    """Give the value of a computed attribute: a number, or values divided by backslashes."""
    at_hand = _AT_HAND[attribute.level]
    if attribute.keyword in _COLLECTED:
        below, column = _COLLECTED[attribute.keyword]
        joined, same = below(include_hidden=include_hidden)
        values = select(column.label("value")).select_from(joined).where(same, column != "").distinct()
        collected = values.order_by(column).correlate(at_hand).subquery()
        return select(func.aggregate_strings(collected.c.value, _DIVIDER)).scalar_subquery()
    below, column = _COUNTED[attribute.keyword]
    joined, same = below(include_hidden=include_hidden)
    counted = select(func.count(column.distinct())).select_from(joined).where(same)
    return counted.correlate(at_hand).scalar_subquery()


def computed_condition(attribute: Attribute, key: Key, *, include_hidden: bool) -> Condition:
    """Compare a computed attribute with a key: a number is equal, one of the collected values matches."""
    if attribute.keyword in _COUNTED:
        numbers = [int(one.value) for one in _single_keys(key) if isinstance(one, SingleValue)]
        return computed(attribute, include_hidden=include_hidden).in_(numbers)
    below, column = _COLLECTED[attribute.keyword]
    joined, same = below(include_hidden=include_hidden)
    matches = or_(*(_collected_matches(column, one) for one in _single_keys(key)))
    return exists().select_from(joined).where(same, matches).correlate(_AT_HAND[attribute.level])


def _single_keys(key: Key) -> tuple[Key, ...]:
    return key.keys if isinstance(key, AnyOf) else (key,)


def _collected_matches(column: Column[Any], key: Key) -> Condition:
    match key:
        case SingleValue(value=value):
            return column == value
        case UidList(values=values):
            return column.in_(values)
        case Wildcard(pattern=pattern):
            return func.lower(column).like(like_pattern(pattern).lower(), escape="\\")
        case _:
            return true()
