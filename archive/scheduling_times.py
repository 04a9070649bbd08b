"""Dates, times and ranges of them, as query keys give them (PS3.4 Section C.2.2.2.5, PS3.5 Table 6.2-1)."""

import re
from dataclasses import dataclass
from typing import Final

from archive.errors import InvalidQuery

_DATE: Final = re.compile(r"\d{4}\.?(?:0[1-9]|1[0-2])\.?(?:0[1-9]|[12]\d|3[01])")
_TIME: Final = re.compile(r"(?:[01]\d|2[0-3])(?::?[0-5]\d(?::?(?:[0-5]\d|60)(?:\.\d{1,6})?)?)?")
_DATE_TIME: Final = re.compile(r"\d{4,14}(?:\.\d{1,6})?(?:[+-]\d{4})?")
_FORMS: Final = {"DA": _DATE, "TM": _TIME, "DT": _DATE_TIME}
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
        digits = value.translate(_PUNCTUATION)
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
    first, hyphen, last = (part.strip() for part in value.partition("-"))
    understood = all(not part or form.fullmatch(part) for part in (first, last))
    if not hyphen or not understood or not (first or last):
        raise InvalidQuery("A key is neither a date or time nor a range.")
    return Bounds(first=_digits(first), last=_digits(last))


def moment_bounds(dates: str, times: str) -> Bounds:
    """Read a range of dates and a range of times as one period: from the first day's time to the last day's."""
    date, time = bounds("DA", dates), bounds("TM", times)
    return Bounds(first=date.first + time.first if date.first else "", last=date.last + time.last if date.last else "")


def _digits(value: str) -> str:
    # The offset from UTC of a date-time is not compared: entries are in the hospital's own time.
    return re.sub(r"[+-]\d{4}$", "", value).translate(_PUNCTUATION)
