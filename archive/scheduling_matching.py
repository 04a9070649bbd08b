"""Whether an attribute list matches the keys of a query (PS3.4 Sections C.2.2.2 and K.2.2.1).

The keys are an attribute list too, as a C-FIND identifier has them. Every attribute of an entry can be asked for, by
the kind of matching that its VR has.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from archive.attribute_lists import AttributeList, key, vr_of
from archive.errors import InvalidQuery
from archive.matching import name_pattern, normalize_name, normalize_text
from archive.query_keys import MAX_PATTERN_LENGTH, MAX_VALUES, MAX_WILDCARDS
from archive.scheduling_times import Bounds, bounds, moment_bounds

_STEP_DATE: Final = key("ScheduledProcedureStepStartDate")
_STEP_TIME: Final = key("ScheduledProcedureStepStartTime")
_TIMES: Final = frozenset({"DA", "TM", "DT"})
_NUMBERS: Final = frozenset({"IS", "DS", "US", "SS", "UL", "SL", "FL", "FD", "UV", "SV"})
# These are compared as they are: AE titles and codes differ by case (PS3.5 Section 6.2).
_EXACT: Final = frozenset({"AE", "CS", "UI"})
_NO_WILDCARDS: Final = frozenset({"UI", *_TIMES, *_NUMBERS})


def check(keys: AttributeList) -> None:
    """Refuse keys that cannot be compared.

    Raises
    ------
    InvalidQuery
        A date or time is none, or a pattern costs too much.
    """
    for name, row in keys.items():
        if vr_of(name) == "SQ":
            for item in row:
                check(item)
        else:
            _check_values(vr_of(name), row)


def _check_values(vr: str, row: Sequence[str]) -> None:
    if len(row) > MAX_VALUES:
        raise InvalidQuery(f"More than {MAX_VALUES} values for one key.")
    for value in row:
        if len(value) > MAX_PATTERN_LENGTH or re.sub(r"\*+", "*", value).count("*") > MAX_WILDCARDS:
            raise InvalidQuery("A pattern is too long.")
        if vr in _TIMES and value and value != "*":
            bounds(vr, value)


def matches(keys: AttributeList, attributes: AttributeList) -> bool:
    """Tell whether `attributes` matches all `keys`; keys without value match everything (PS3.4 C.2.2.2.3)."""
    together = _STEP_DATE in keys and _STEP_TIME in keys and _is_range(keys[_STEP_DATE]) and _is_range(keys[_STEP_TIME])
    if together and not _moment_matches(keys, attributes):
        return False
    compared = keys.keys() - {_STEP_DATE, _STEP_TIME} if together else keys.keys()
    return all(_matches_one(name, keys[name], attributes.get(name, ())) for name in compared)


def _is_range(row: Sequence[str]) -> bool:
    return len(row) == 1 and "-" in row[0]


def _moment_matches(keys: AttributeList, attributes: AttributeList) -> bool:
    """Compare start date and time as one moment: two ranges are one period (PS3.4 Table K.6-1)."""
    wanted = moment_bounds(keys[_STEP_DATE][0], keys[_STEP_TIME][0])
    dates, times = attributes.get(_STEP_DATE, ()), attributes.get(_STEP_TIME, ())
    return bool(dates and dates[0]) and wanted.include(dates[0] + (times[0] if times else ""))


def _matches_one(name: str, wanted: Sequence[Any], found: Sequence[Any]) -> bool:
    vr = vr_of(name)
    if vr == "SQ":
        # A key has one item (PS3.4 C.2.2.2.6); a sequence without an item that matches is no match.
        return not wanted or not _asks(wanted[0]) or any(matches(wanted[0], item) for item in found)
    asked = [value for value in wanted if value and value.strip("*")]
    return not asked or any(_comparison(vr, value)(one) for value in asked for one in found if one)


def _asks(item: Mapping[str, Sequence[Any]]) -> bool:
    return any(
        any(_asks(inner) for inner in row) if vr_of(name) == "SQ" else any(value.strip("*") for value in row)
        for name, row in item.items()
    )


@lru_cache(maxsize=512)
def _comparison(vr: str, wanted: str) -> Callable[[str], bool]:
    if vr in _TIMES:
        limits: Bounds = bounds(vr, wanted)
        return limits.include
    if vr in _NUMBERS:
        return lambda found: _number(found) == _number(wanted)
    normal = _normal_form(vr)
    wanted = name_pattern(wanted) if vr == "PN" else normal(wanted)
    if vr in _NO_WILDCARDS or not ("*" in wanted or "?" in wanted):
        return _single(vr, wanted, normal)
    pattern = _pattern(wanted)
    return lambda found: any(pattern.fullmatch(form) is not None for form in _forms(vr, normal(found)))


def _single(vr: str, wanted: str, normal: Callable[[str], str]) -> Callable[[str], bool]:
    return lambda found: wanted in _forms(vr, normal(found))


def _normal_form(vr: str) -> Callable[[str], str]:
    if vr == "PN":
        return normalize_name
    return str.strip if vr in _EXACT else normalize_text


def _forms(vr: str, found: str) -> tuple[str, ...]:
    """Give what a key may be meant for: of a name the whole, and each component group (PS3.5 Section 6.2.1)."""
    if vr != "PN":
        return (found,)
    groups = [group for group in found.split("=") if group]
    # A pattern that ends with an asterisk after a divider matches a name that ends before the divider.
    return (found, *groups, *(f"{group}^" for group in groups))


def _pattern(wanted: str) -> re.Pattern[str]:
    """Translate wildcards to an expression that never goes back: an asterisk ends where its successor first matches."""
    head, *rest = ("".join("." if p == "?" else re.escape(p) for p in part) for part in wanted.split("*"))
    if not rest:
        return re.compile(head, re.DOTALL)
    *middle, tail = rest
    return re.compile(head + "".join(f"(?>.*?{part})" for part in middle) + ".*" + tail, re.DOTALL)


def _number(value: str) -> float | str:
    try:
        return float(value)
    except ValueError:
        return value
