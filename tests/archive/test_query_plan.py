"""Statements are built once for all questions of one shape."""

import pytest
from pydicom.datadict import tag_for_keyword
from sqlalchemy.dialects import postgresql, sqlite

from archive.query import Level, Query, key_for
from archive.query_plan import Plan, plan
from archive.query_statement import ask, counting


def planned(dialect: str = "sqlite", *, level: Level = Level.STUDY, limit: int | None = 10, **keys: list[str]) -> Plan:
    found = {tag: key_for(tag, keys[keyword]) for keyword in keys if (tag := tag_for_keyword(keyword)) is not None}
    module = sqlite if dialect == "sqlite" else postgresql
    return plan(module.dialect(), ask("default", Query(level=level, keys=found, limit=limit)))


def test_other_values_are_the_same_statement() -> None:
    assert planned(PatientID=["1"]) is planned(PatientID=["2"], limit=20)
    assert planned(PatientName=["Doe*"]) is planned(PatientName=["Roe*"])
    assert planned(StudyInstanceUID=["1.2", "1.3"]) is planned(StudyInstanceUID=["1.4", "1.5"])


@pytest.mark.parametrize(
    "other",
    [
        planned(PatientID=["1*"]),
        planned(PatientID=["1", "2"]),
        planned(AccessionNumber=["1"]),
        planned(PatientID=["1"], limit=None),
        planned(PatientID=["1"], level=Level.SERIES),
        planned("postgresql", PatientID=["1"]),
    ],
)
def test_another_shape_is_another_statement(other: Plan) -> None:
    assert other is not planned(PatientID=["1"])


def test_counting_is_another_statement() -> None:
    asked = ask("default", Query(level=Level.STUDY, limit=10))
    assert plan(sqlite.dialect(), asked, counting) is not plan(sqlite.dialect(), asked)


def test_a_long_list_is_not_kept() -> None:
    uids = [f"1.{number}" for number in range(100)]
    assert planned(StudyInstanceUID=uids) is not planned(StudyInstanceUID=uids)


def test_the_values_of_a_query_stand_in_their_places() -> None:
    asked = ask("tenant", Query(level=Level.STUDY, keys={0x00100020: key_for(0x00100020, ["P7"])}, limit=3))
    made = plan(sqlite.dialect(), asked)
    assert made.sql.count("?") == len(made.parameters(asked))
    assert {"tenant", "p7", 3} <= set(made.parameters(asked))
