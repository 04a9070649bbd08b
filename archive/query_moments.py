"""Dates and times that are one moment: combined matching of two ranges (PS3.4 Section C.2.2.2.5.4)."""

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Column

from archive.query_attributes import ATTRIBUTES
from archive.query_keys import Range
from archive.query_model import Query
from archive.query_predicates import Comparison, Every, Predicate, Some, after, at_least, at_most, before, other_than

DATE_OF: Final = {
    0x00080030: 0x00080020,
    0x00080031: 0x00080021,
    0x00080032: 0x00080022,
    0x00080033: 0x00080023,
    0x00400245: 0x00400244,
    0x00100032: 0x00100030,
}
"""The date of a time: of the study, series, acquisition, content, procedure step, and of the patient's birth."""


def moments(query: Query, time_tag: int) -> Predicate | None:
    """Compare a time together with its date; none where the two are compared each for itself."""
    date_tag = DATE_OF.get(time_tag)
    if not query.combined_date_time or date_tag is None:
        return None
    date, time = query.keys.get(date_tag), query.keys[time_tag]
    if not isinstance(date, Range) or not isinstance(time, Range):
        return None
    return Every(tuple(_bounds(column_of(date_tag), column_of(time_tag), date, time)))


def column_of(tag: int) -> Column[Any]:
    """Return the column of a date or time."""
    column = ATTRIBUTES[tag].column
    if column is None:
        raise LookupError(f"{tag:08X}")
    return column


def _bounds(dates: Column[Any], times: Column[Any], date: Range, time: Range) -> Iterator[Predicate]:
    """On the first day the time counts from its first moment, on the last day up to its last.

    The days themselves are the condition of the date, which an index finds.
    """
    yield Comparison(other_than, times, "")
    if date.first is not None and time.first is not None:
        yield Some((Comparison(after, dates, date.first), Comparison(at_least, times, time.first)))
    if date.last is not None and time.last is not None:
        yield Some((Comparison(before, dates, date.last), Comparison(at_most, times, time.last)))
