"""Dates and times that are one moment: combined matching of two ranges (PS3.4 Section C.2.2.2.5.4)."""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import ColumnElement, and_, or_

from archive.query_attributes import ATTRIBUTES
from archive.query_keys import Range
from archive.query_model import Query

# The date of a time: of the study, series, acquisition, content, procedure step, and of the patient's birth.
_DATE_OF: Final = {
    0x00080030: 0x00080020,
    0x00080031: 0x00080021,
    0x00080032: 0x00080022,
    0x00080033: 0x00080023,
    0x00400245: 0x00400244,
    0x00100032: 0x00100030,
}


def moments(query: Query, time_tag: int) -> ColumnElement[bool] | None:
    """Compare a time together with its date; none where the two are compared each for itself."""
    date_tag = _DATE_OF.get(time_tag)
    if not query.combined_date_time or date_tag is None:
        return None
    date, time = query.keys.get(date_tag), query.keys[time_tag]
    if not isinstance(date, Range) or not isinstance(time, Range):
        return None
    return and_(*_bounds(date_tag, time_tag, date, time))


def _bounds(date_tag: int, time_tag: int, date: Range, time: Range) -> Iterator[ColumnElement[bool]]:
    """On the first day the time counts from its first moment, on the last day up to its last.

    The days themselves are the condition of the date, which an index finds.
    """
    dates, times = ATTRIBUTES[date_tag].column, ATTRIBUTES[time_tag].column
    if dates is None or times is None:
        raise LookupError(f"{date_tag:08X}")
    yield times != ""
    if date.first is not None and time.first is not None:
        yield or_(dates > date.first, times >= time.first)
    if date.last is not None and time.last is not None:
        yield or_(dates < date.last, times <= time.last)
