"""Worklist entries: what is compared how, and what the database leaves out before."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from archive import scheduling, scheduling_query
from archive.attribute_lists import AttributeList, from_keywords, text
from archive.database import Database
from archive.errors import InvalidQuery
from archive.scheduling_matching import check, matches
from archive.scheduling_times import bounds

STEPS = "ScheduledProcedureStepSequence"


def entry(patient_id: str, date: str = "20260706", **step: Any) -> AttributeList:
    items = {
        "ScheduledStationAETitle": "CT1",
        "ScheduledProcedureStepStartDate": date,
        "ScheduledProcedureStepStartTime": "0930",
        "Modality": "CT",
        **step,
    }
    return from_keywords({"PatientName": "Doe^Jane", "PatientID": patient_id, STEPS: [items]})


def keys(step: dict[str, Any] | None = None, **values: Any) -> AttributeList:
    return from_keywords({**values, STEPS: [step or {}]})


def ask(database: Database, wanted: AttributeList) -> list[str]:
    found, position = [], 0
    while True:
        page = database.read(scheduling_query.page, "default", wanted, after=position, limit=2)
        found += [text(each, "PatientID") for each in page.entries]
        if page.position is None:
            return found
        position = page.position


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (keys(), ["P1", "P2", "P3"]),
        (keys(PatientID="p2"), ["P2"]),
        (keys(PatientID="P*"), ["P1", "P2", "P3"]),
        (keys({"ScheduledProcedureStepStartDate": "20260707"}), ["P2"]),
        (keys({"ScheduledProcedureStepStartDate": "2026.07.07"}), ["P2"]),
        (keys({"ScheduledProcedureStepStartDate": "-20260707"}), ["P1", "P2"]),
        (keys({"ScheduledProcedureStepStartDate": "20260707-"}), ["P2", "P3"]),
        (keys({"ScheduledProcedureStepStartDate": "20260707-20260708"}), ["P2", "P3"]),
        (keys({"ScheduledProcedureStepStartDate": "*"}), ["P1", "P2", "P3"]),
    ],
)
def test_entries_are_found_page_by_page(database: Database, wanted: AttributeList, expected: list[str]) -> None:
    for patient, date in (("P1", "20260706"), ("P2", "20260707"), ("P3", "20260708")):
        database.write(scheduling.add, "default", entry(patient, date), principal="ris", now=1.0)
    database.write(scheduling.add, "other", entry("P9", "20260707"), principal="ris", now=1.0)
    assert ask(database, wanted) == expected


@pytest.mark.parametrize(
    ("wanted", "found", "expected"),
    [
        ("10", "093000", False),
        ("10", "105959.5", True),
        ("10-11", "115959", True),
        ("10-11", "12", False),
        ("-0930", "0930", True),
        ("1000-", "10", True),
        ("10:30", "1030", True),
        ("10-11", "", False),
    ],
)
def test_times_are_compared_as_far_as_they_are_given(wanted: str, found: str, expected: bool) -> None:
    assert bounds("TM", wanted).include(found) is expected


@pytest.fixture
def in_berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have the node stand two hours before UTC, in summer."""
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("in_berlin")
@pytest.mark.parametrize(
    ("wanted", "found", "expected"),
    [
        # What has no offset is of here.
        ("20260706", "20260706093000", True),
        ("20260706", "20260706093000+0200", True),
        ("20260706", "20260706233000+0000", False),
        ("20260707", "20260706233000+0000", True),
        ("20260706073000+0000", "20260706093000", True),
        ("2026070603-0400", "20260706093000", True),
        ("20260706093000+0000", "20260706093000", False),
        # A hyphen is a range's, or an offset's.
        ("20260706070000+0000-20260706080000+0000", "20260706093000.5", True),
        ("20260706030000-0400-20260706040000-0400", "20260706093000", True),
        ("20260706030000-0400-20260706040000-0400", "20260706103000", False),
        ("20260706030000-0400 -", "20260706093000", True),
        ("-20260706030000-0400", "20260706093000", False),
        ("2025-2026", "20260706093000", True),
        ("2025-2026", "20270706093000+0200", False),
        ("2026-0500", "20260706093000", True),
        # A leap second, and no calendar's day, are compared as they stand.
        ("20161231", "20161231235960+0000", True),
        ("20261399", "20261399250000+0100", True),
    ],
)
def test_offsets_from_utc_count_in_date_times(wanted: str, found: str, expected: bool) -> None:
    """PS3.4 Section C.2.2.2.5.3."""
    assert bounds("DT", wanted).include(found) is expected


@pytest.mark.parametrize("value", ["20260706+1500", "2026-2027-2028", "-"])
def test_what_is_no_date_time_is_refused(value: str) -> None:
    wanted = from_keywords({"ScheduledProcedureStepStartDateTime": value})
    with pytest.raises(InvalidQuery):
        check(wanted)


@pytest.mark.parametrize("value", ["tomorrow", "20261301", "20260706-2026", "-", "20260706-20260707-20260708"])
def test_what_is_no_date_is_refused(value: str) -> None:
    with pytest.raises(InvalidQuery):
        check(keys({"ScheduledProcedureStepStartDate": value}))


@pytest.mark.parametrize(
    ("pattern", "value", "expected"),
    [
        ("A*B", "ab", True),
        ("A*B", "axxb", True),
        ("A*B", "axxbc", False),
        ("*A*B*", "xxaxxbxx", True),
        ("A?C", "abc", True),
        ("A?C", "ac", False),
        ("*?", "a", True),
        ("*ab*b", "ab", False),
        ("*ab*b", "abb", True),
        ("[A]*", "[a]b", True),
        (".*", "abc", False),
    ],
)
def test_wildcards_stand_for_any_text_and_any_character(pattern: str, value: str, expected: bool) -> None:
    assert matches(keys(PatientID=pattern), from_keywords({"PatientID": value})) is expected


def test_a_pattern_never_tries_what_it_tried_before() -> None:
    wanted, found = keys(PatientComments="*a" * 60 + "b"), from_keywords({"PatientComments": "a" * 10_000})
    check(wanted)
    assert not matches(wanted, found)
