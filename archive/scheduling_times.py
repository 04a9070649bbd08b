"""Dates, times and ranges of them, as query keys give them (PS3.4 Section C.2.2.2.5, PS3.5 Table 6.2-1)."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from archive.errors import InvalidQuery

_DATE: Final = re.compile(r"\d{4}\.?(?:0[1-9]|1[0-2])\.?(?:0[1-9]|[12]\d|3[01])")
_TIME: Final = re.compile(r"(?:[01]\d|2[0-3])(?::?[0-5]\d(?::?(?:[0-5]\d|60)(?:\.\d{1,6})?)?)?")
# From -1200 to +1400: four digits of a later year are no offset, but the end of a range.
_OFFSET: Final = r"(?:\+(?:0\d|1[0-4])|-(?:0\d|1[0-2]))[0-5]\d"
_DATE_TIME: Final = re.compile(rf"\d{{4,14}}(?:\.\d{{1,6}})?(?:{_OFFSET})?")
_FORMS: Final = {"DA": _DATE, "TM": _TIME, "DT": _DATE_TIME}
# A hyphen divides a range, and begins an offset too.
_RANGES: Final = {vr: re.compile(rf"({form.pattern})?\s*-\s*({form.pattern})?") for vr, form in _FORMS.items()}
_MOMENT: Final = re.compile(rf"(\d{{4,14}})(?:\.(\d{{1,6}}))?({_OFFSET})")
_WITH_HOUR, _ALL_DIGITS = 10, 14
_PUNCTUATION: Final = str.maketrans("", "", ".:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """From `first` to `last`, both included, as digits; either may be empty, for open.

    A bound that is given in part stands for the whole of it: 10 is the hour from 10:00 to 10:59:59.
    """

    first: str
    last: str

    def include(self, value: str) -> bool:
        """Tell whether a date or time of an entry, or both one after the other, is within."""
        digits = _digits(value)
        if not digits.isdigit():
            return False
        # An entry's own omitted parts are their least values (PS3.5 Table 6.2-1); missing digits compare so.
        first = not self.first or digits.ljust(len(self.first), "0") >= self.first
        return first and (not self.last or digits[: len(self.last)] <= self.last)


def is_date(value: str) -> bool:
    """Tell whether `value` is one date."""
    return _DATE.fullmatch(value) is not None


def is_time(value: str) -> bool:
    """Tell whether `value` is one time, perhaps given in part."""
    return _TIME.fullmatch(value) is not None


def is_date_time(value: str) -> bool:
    """Tell whether `value` is one date and time, perhaps given in part."""
    return _DATE_TIME.fullmatch(value) is not None


def bounds(vr: str, value: str) -> Bounds:
    """Read a date, a time or a range of them.

    Raises
    ------
    InvalidQuery
        It is none.
    """
    form = _FORMS[vr]
    if form.fullmatch(value):
        digits = _digits(value)
        return Bounds(first=digits, last=digits)
    found = _RANGES[vr].fullmatch(value)
    if found is None or not any(found.groups()):
        raise InvalidQuery("A key is neither a date or time nor a range.")
    return Bounds(first=_digits(found[1] or ""), last=_digits(found[2] or ""))


def moment_bounds(dates: str, times: str) -> Bounds:
    """Read a range of dates and a range of times as one period: from the first day's time to the last day's."""
    date, time = bounds("DA", dates), bounds("TM", times)
    return Bounds(first=date.first + time.first if date.first else "", last=date.last + time.last if date.last else "")


def _digits(value: str) -> str:
    found = _MOMENT.fullmatch(value)
    return value.translate(_PUNCTUATION) if found is None else _here(found[1], found[2] or "", found[3])


def _here(given: str, fraction: str, offset: str) -> str:
    """Move a moment with an offset from UTC to where this node is: those without one are of here.

    The offset counts in matching (PS3.4 Section C.2.2.2.5.3). What is given to the day only stays that day.
    """
    if len(given) < _WITH_HOUR:
        return given
    try:
        moment = datetime.strptime(given.ljust(_ALL_DIGITS, "0") + offset, "%Y%m%d%H%M%S%z").astimezone()
    except (ValueError, OverflowError):
        # Not in the calendar, or a leap second.
        return given + fraction
    return f"{moment:%Y%m%d%H%M%S}"[: len(given)] + fraction
