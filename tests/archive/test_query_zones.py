"""Dates and times of a query that names its time zone (PS3.4 Sections C.2.2.2.1.3 and C.2.2.2.5)."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.datadict import tag_for_keyword
from sqlalchemy import Connection

from archive.database import Database
from archive.errors import InvalidQuery
from archive.query import Level, Query, find, key_for
from archive.query_zones import parse_zone
from tests.archive.index_rows import add_instance

# UID, date, time, zone.
STUDIES = [
    ("1.1", "20240101", "2330", "+0100"),
    ("1.2", "20240101", "233000", "-0500"),
    ("1.3", "20240102", "0030", "+0000"),
    ("1.4", "20240102", "0030", ""),
    ("1.5", "20240102", "", "+0900"),
    ("1.6", "20231231", "120000.5", "+1400"),
    ("1.7", "", "", "+0100"),
    ("1.8", "20240103", "1200", "nowhere"),
]


def tag(keyword: str) -> int:
    found = tag_for_keyword(keyword)
    assert found is not None
    return found


def add_studies(connection: Connection) -> None:
    for uid, date, time, zone in STUDIES:
        about = {"study_date": date, "study_time": time, "timezone_offset_from_utc": zone}
        add_instance(connection, uids=(uid, f"{uid}.1", f"{uid}.1.1"), of_study=about)


@pytest.fixture
def archive(database: Database) -> Database:
    database.write(add_studies)
    return database


def query(zone: str, *, together: bool = False, **keys: str) -> Query:
    return Query(
        level=Level.STUDY,
        keys={tag(name): key_for(tag(name), [value]) for name, value in keys.items()},
        zone=parse_zone(zone),
        combined_date_time=together,
    )


def found(database: Database, asked: Query) -> set[str]:
    def uids(connection: Connection) -> Iterator[str]:
        return iter([str(match.study_instance_uid) for match in find(connection, "default", asked)])

    return set(database.read(uids))


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        # 23:30 in Paris is the same day there and in London, 23:30 in New York is the next day in both.
        (query("+0000", StudyDate="20240101"), {"1.1"}),
        (query("+0000", StudyDate="20240102"), {"1.2", "1.3", "1.4", "1.5"}),
        (query("+0900", StudyDate="20240102"), {"1.1", "1.2", "1.3", "1.4", "1.5"}),
        (query("-1000", StudyDate="20231230-20231231"), {"1.6"}),
        # A time is one of the asker's clock.
        (query("+0000", StudyTime="2230"), {"1.1"}),
        (query("+0000", StudyTime="0400-0500"), {"1.2"}),
        (query("-0500", StudyTime="193000-193000"), {"1.3"}),
        (query("+0200", StudyDate="20240102", StudyTime="0030"), {"1.1", "1.4"}),
        # Ranges of moments.
        (query("+0000", together=True, StudyDate="20240101-20240102", StudyTime="2200-0100"), {"1.1", "1.3", "1.4"}),
        (query("+0100", together=True, StudyDate="20240102-", StudyTime="0130-"), {"1.2", "1.3", "1.8"}),
        # Where the study was is not known: its clock is taken for the asker's.
        (query("+0300", StudyTime="1200-1300"), {"1.8"}),
        # No date or time: the zone chooses nothing.
        (query("+0300", StudyInstanceUID="1.3"), {"1.3"}),
    ],
)
def test_keys_are_moved_into_the_zone_of_each_study(archive: Database, asked: Query, expected: set[str]) -> None:
    assert found(archive, asked) == expected


def test_without_a_zone_clocks_are_compared_as_they_are(archive: Database) -> None:
    assert found(archive, replace(query("+0000", StudyTime="2330"), zone=None)) == {"1.1", "1.2"}


@pytest.mark.parametrize(("text", "minutes"), [("+0000", 0), ("-0330", -210), ("+1400", 840), ("-1200", -720)])
def test_a_zone_is_hours_and_minutes(text: str, minutes: int) -> None:
    assert parse_zone(text) == minutes


@pytest.mark.parametrize("text", ["", "0100", "+01", "+01:00", "+1430", "-1300", "+0160", "CET", "+0100 "])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidQuery, match="TimezoneOffsetFromUTC"):
        parse_zone(text)


@pytest.mark.parametrize("asked", [query("+0100", StudyDate="20240231"), query("+0100", StudyTime="1200-1100")])
def test_what_is_in_no_calendar_and_on_no_clock_is_refused(archive: Database, asked: Query) -> None:
    with pytest.raises(InvalidQuery):
        found(archive, asked)


def test_a_range_of_moments_may_end_at_an_earlier_time_of_a_later_day(archive: Database) -> None:
    asked = query("+0000", together=True, StudyDate="20240101-20240102", StudyTime="2300-0045")
    assert found(archive, replace(asked, zone=None)) == {"1.1", "1.2", "1.3", "1.4"}
    with pytest.raises(InvalidQuery, match="StudyTime"):
        found(archive, replace(asked, zone=None, combined_date_time=False))


DAYS = st.dates(dt.date(2023, 12, 30), dt.date(2024, 1, 4))
TIMES = st.times().map(lambda time: time.replace(microsecond=0))
ZONES = st.sampled_from(["-1200", "-0330", "+0000", "+0100", "+0545", "+1400"])


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(days=st.tuples(DAYS, DAYS).map(sorted), times=st.tuples(TIMES, TIMES).map(sorted), zone=ZONES)
def test_a_day_and_a_time_are_those_of_the_askers_calendar_and_clock(
    sqlite_zones: Database, days: list[dt.date], times: list[dt.time], zone: str
) -> None:
    asked = query(
        zone,
        StudyDate="-".join(f"{day:%Y%m%d}" for day in days),
        StudyTime="-".join(f"{time:%H%M%S}" for time in times),
    )
    offset = dt.timezone(dt.timedelta(minutes=parse_zone(zone)))
    expected = set()
    for uid, date, time, own in STUDIES:
        if date and time and own != "nowhere":
            clock = dt.datetime.strptime(f"{date}{time.partition('.')[0].ljust(6, '0')}", "%Y%m%d%H%M%S")  # noqa: DTZ007 - set in the next line
            there = clock.replace(tzinfo=dt.timezone(dt.timedelta(minutes=parse_zone(own))) if own else offset)
            here = there.astimezone(offset)
            if days[0] <= here.date() <= days[1] and times[0] <= here.time() <= times[1]:
                expected.add(uid)
    assert found(sqlite_zones, asked) - {"1.8"} == expected


@pytest.fixture
def sqlite_zones(sqlite_url: str) -> Iterator[Database]:
    with Database(sqlite_url) as database:
        database.write(add_studies)
        yield database
