"""Dates and times of a query that names its time zone (PS3.4 Sections C.2.2.2.1.3 and C.2.2.2.5, PS3.18 8.3.4.1.1).

What is stored is in the zone of its study, Timezone Offset From UTC (0008,0201); where that is not known, it is taken
for the asker's. Keys are moved into each zone that occurs, so that what is stored is compared as it stands.
"""

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Any, Final, TypeAlias

from sqlalchemy import Column, Select, bindparam, select

from archive.errors import InvalidQuery
from archive.query_conditions import within
from archive.query_keys import AnyOf, Key, Range, SingleValue, Universal, date_bounds, time_bounds
from archive.query_model import Query
from archive.query_moments import DATE_OF, column_of
from archive.query_predicates import (
    Comparison,
    Every,
    Predicate,
    Some,
    after,
    at_least,
    at_most,
    before,
    equal,
    expression,
)
from archive.tables import study

Span: TypeAlias = tuple[int, int]
"""First and last, both included: of days as ordinals, of times in microseconds of the day, or of both in one."""
DateColumn: TypeAlias = Column[Any]

_MINUTE: Final = 60_000_000
_DAY: Final = 24 * 60 * _MINUTE
_BIRTH_TIME: Final = 0x00100032
_STUDY_DATE: Final = 0x00080020
_EARLIEST: Final = dt.date.min.toordinal()
_LATEST: Final = dt.date.max.toordinal()
_ZONE: Final = re.compile(r"([+-])(\d{2})([0-5]\d)")
_HOURS_WEST, _HOURS_EAST = 12, 14


def parse_zone(text: str) -> int:
    """Return the minutes of a Timezone Offset From UTC, such as +0100 (PS3.3 Section C.12.1.1.8).

    Raises
    ------
    InvalidQuery
        It is none.
    """
    found = _ZONE.fullmatch(text)
    if found is None:
        raise InvalidQuery("TimezoneOffsetFromUTC is not of the form +HHMM or -HHMM.")
    minutes = int(found[2]) * 60 + int(found[3])
    if minutes > 60 * (_HOURS_WEST if found[1] == "-" else _HOURS_EAST):
        raise InvalidQuery("TimezoneOffsetFromUTC is not between -1200 and +1400.")
    return -minutes if found[1] == "-" else minutes


def is_zoned(query: Query) -> bool:
    """Tell whether a query names a zone, and dates or times of events that it matters for."""
    return query.zone is not None and any(True for _ in _pairs(query))


def zones_statement(tenant: str, query: Query) -> Select[Any]:
    """Build the statement for the zones of the studies that the query may be about."""
    conditions = [_near(study.c.study_date, one) for one in _days(query.keys.get(_STUDY_DATE))]
    chosen = select(study.c.timezone_offset_from_utc).where(study.c.tenant == bindparam("tenant", tenant)).distinct()
    return chosen.where(expression(Some(tuple(conditions)), iter(range(1 << 16)))) if conditions else chosen


def zoned(query: Query, zones: Iterable[str]) -> Mapping[int, Predicate]:
    """Compare the dates and times of events, in studies of these zones.

    Returns
    -------
    mapping
        By the tag of the date, or of the time where only that is a key: what takes the place of the keys of both.
    """
    found: dict[int, Predicate] = {}
    for date_tag, time_tag in _pairs(query):
        days, times = _days(query.keys.get(date_tag)), _times(query.keys.get(time_tag))
        events = _Events(column_of(date_tag), column_of(time_tag), together=_is_together(query, date_tag, time_tag))
        compared = [
            Every((Comparison(equal, study.c.timezone_offset_from_utc, zone), events.within(days, times, moved)))
            for zone, moved in ((zone, _moved(query, zone)) for zone in zones)
        ]
        near = tuple(_near(events.dates, one) for one in days or ())
        found[date_tag if days else time_tag] = Every((*((Some(near),) if near else ()), Some(tuple(compared))))
    return found


def _pairs(query: Query) -> Iterator[tuple[int, int]]:
    """Yield date and time of the events that keys are about."""
    for time_tag, date_tag in DATE_OF.items():
        keys = (query.keys.get(date_tag), query.keys.get(time_tag))
        if time_tag != _BIRTH_TIME and any(not isinstance(key, Universal | None) for key in keys):
            yield date_tag, time_tag


def _is_together(query: Query, date_tag: int, time_tag: int) -> bool:
    keys = query.keys.get(date_tag), query.keys.get(time_tag)
    return query.combined_date_time and all(isinstance(key, Range) for key in keys)


def _moved(query: Query, zone: str) -> int:
    """Give how much later it is for the asker than where the study was, in microseconds."""
    try:
        return ((query.zone or 0) - parse_zone(zone)) * _MINUTE
    except InvalidQuery:
        return 0


class _Events:
    """The two columns of an event."""

    def __init__(self, dates: DateColumn, times: DateColumn, *, together: bool) -> None:
        self.dates = dates
        self._times = times
        self._together = together

    def within(self, days: list[Span], times: list[Span], moved: int) -> Predicate:
        """Compare with days and times of a zone where it is so much later."""
        if self._together:
            return self._moments(days[0][0] * _DAY + times[0][0] - moved, days[0][1] * _DAY + times[0][1] - moved)
        if any(first > last for first, last in times):
            raise InvalidQuery("A range of times ends before it begins.")
        wanted: Iterable[tuple[Span | None, Span]] = product(days or (None,), times or ((0, _DAY - 1),))
        found = [part for day, time in wanted for part in self._apart(day, time, moved)]
        if not times:
            # Without a time there is only the day, and that is not moved.
            found += [Every((Comparison(equal, self._times, ""), self._on(one, 0))) for one in days]
        return Some(tuple(found))

    def _apart(self, days: Span | None, times: Span, moved: int) -> Iterator[Predicate]:
        """Yield a part of a day here for each day there that it falls on."""
        for carried in range(-2, 3):
            first = max(0, times[0] - moved + carried * _DAY)
            last = min(_DAY - 1, times[1] - moved + carried * _DAY)
            if first <= last:
                within_day = within(self._times, _first_text(first), _last_text(last))
                yield within_day if days is None else Every((within_day, self._on(days, carried)))

    def _on(self, days: Span, carried: int) -> Predicate:
        return within(self.dates, _date_text(days[0] - carried), _date_text(days[1] - carried))

    def _moments(self, first: int, last: int) -> Predicate:
        first_day, last_day = _date_text(first // _DAY), _date_text(last // _DAY)
        return Every(
            (
                within(self.dates, first_day, last_day),
                within(self._times, None, None),
                Some(
                    (
                        Comparison(after, self.dates, first_day),
                        Comparison(at_least, self._times, _first_text(first % _DAY)),
                    )
                ),
                Some(
                    (
                        Comparison(before, self.dates, last_day),
                        Comparison(at_most, self._times, _last_text(last % _DAY)),
                    )
                ),
            )
        )


def _near(dates: DateColumn, days: Span) -> Predicate:
    """Keep to some days more than those asked for, wherever the study was: this is what an index finds."""
    return within(dates, _date_text(days[0] - 2), _date_text(days[1] + 2))


def _days(key: Key | None) -> list[Span]:
    match key:
        case SingleValue(value=value):
            return [(_ordinal(value), _ordinal(value))]
        case Range(first=first, last=last):
            return [(_ordinal(first) if first else _EARLIEST, _ordinal(last) if last else _LATEST)]
        case AnyOf(keys=keys):
            return [span for one in keys for span in _days(one)]
        case _:
            return []


def _times(key: Key | None) -> list[Span]:
    match key:
        case SingleValue(value=value):
            first, last = time_bounds(value) or (value, value)
            return [(_microseconds(first), _microseconds(last))]
        case Range(first=first, last=last):
            return [(_microseconds(first) if first else 0, _microseconds(last) if last else _DAY - 1)]
        case AnyOf(keys=keys):
            return [span for one in keys for span in _times(one)]
        case _:
            return []


def _ordinal(text: str) -> int:
    bounds = date_bounds(text)
    try:
        return dt.date.fromisoformat(bounds[0] if bounds else text).toordinal()
    except ValueError as error:
        raise InvalidQuery("A date of the query is not in the calendar.") from error


def _microseconds(text: str) -> int:
    whole, _, fraction = text.partition(".")
    hours, minutes, seconds = (int(whole[start : start + 2] or 0) for start in (0, 2, 4))
    return min(_DAY - 1, ((hours * 60 + minutes) * 60 + seconds) * 1_000_000 + int(fraction.ljust(6, "0")))


def _date_text(ordinal: int) -> str:
    return f"{dt.date.fromordinal(min(max(ordinal, _EARLIEST), _LATEST)):%Y%m%d}".zfill(8)


def _first_text(microseconds: int) -> str:
    """Write a time as short as it can be: stored ones differ in how far they are written out."""
    text = _last_text(microseconds).rstrip("0").rstrip(".").ljust(6, "0")
    return re.sub(r"(?:00){1,2}$", "", text) if "." not in text else text


def _last_text(microseconds: int) -> str:
    seconds, fraction = divmod(microseconds, 1_000_000)
    return f"{seconds // 3600:02}{seconds // 60 % 60:02}{seconds % 60:02}.{fraction:06}"
