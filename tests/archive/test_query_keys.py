"""Keys are made from text by value representation; what cannot be a key is refused with a sentence."""

import pytest
from pydicom.datadict import tag_for_keyword

from archive.errors import InvalidQuery
from archive.query import InformationModel, Level, Query, key_for
from archive.query_attributes import ATTRIBUTES, column_name
from archive.query_keys import MAX_PATTERN_LENGTH, UNIVERSAL, AnyOf, Key, Range, SingleValue, UidList, Wildcard


def key(keyword: str, *values: str) -> Key:
    tag = tag_for_keyword(keyword)
    assert tag is not None
    return key_for(tag, values)


@pytest.mark.parametrize(
    ("keyword", "values", "expected"),
    [
        ("PatientID", [], UNIVERSAL),
        ("PatientID", [" "], UNIVERSAL),
        ("PatientID", ["***"], UNIVERSAL),
        ("StudyInstanceUID", ["*"], UNIVERSAL),
        ("PatientID", ["  42 "], SingleValue("42")),
        ("PatientID", ["a\0b"], SingleValue("ab")),
        ("PatientID", ["a\udcffb"], Wildcard("a?b")),
        ("PatientID", ["a**b"], Wildcard("a*b")),
        ("StudyInstanceUID", ["1.2", "1.3"], UidList(("1.2", "1.3"))),
        ("ModalitiesInStudy", ["CT", "M*"], AnyOf((SingleValue("CT"), Wildcard("M*")))),
        ("StudyDate", ["20200101-"], Range("20200101", None)),
        ("StudyDate", ["20200101 - 20200131"], Range("20200101", "20200131")),
        ("StudyTime", ["10-1130"], Range("10", "113059.999999")),
        ("StudyTime", ["100000-1130"], Range("10", "113059.999999")),
        ("StudyTime", ["00:00:00-1130"], Range("00", "113059.999999")),
        ("StudyTime", ["101000-"], Range("1010", None)),
        ("StudyTime", ["100010-"], Range("100010", None)),
        ("StudyTime", ["10:30:15.2500"], SingleValue("103015.25")),
        ("StudyTime", ["-102030.5"], Range(None, "102030.599999")),
        ("SeriesNumber", ["+007"], SingleValue("7")),
        ("Rows", ["512"], SingleValue("512")),
    ],
)
def test_text_becomes_a_key_by_value_representation(keyword: str, values: list[str], expected: Key) -> None:
    assert key(keyword, *values) == expected


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("StudyInstanceUID", "1.2; DROP TABLE study"),
        ("StudyInstanceUID", "1.2*"),
        ("StudyDate", "2020"),
        ("StudyDate", "20201301"),
        ("StudyDate", "-"),
        ("StudyDate", "20210101-20200101"),
        ("StudyDate", "20200101-20200102-20200103"),
        ("StudyTime", "25"),
        ("StudyTime", "noon"),
        ("SeriesNumber", "1e9"),
        ("NumberOfStudyRelatedInstances", "many"),
        ("PatientID", "x" * (MAX_PATTERN_LENGTH + 1)),
        ("PatientName", "a*" * 200),
        ("RequestAttributesSequence", "x"),
    ],
)
def test_what_cannot_be_a_key_is_refused_by_name_and_without_its_value(keyword: str, value: str) -> None:
    with pytest.raises(InvalidQuery) as refused:
        key(keyword, value)
    assert keyword in str(refused.value)
    assert value not in str(refused.value)


def test_a_key_has_a_limited_number_of_values() -> None:
    with pytest.raises(InvalidQuery):
        key("StudyInstanceUID", *["1.2"] * 20_000)
    for keyword, value in (("PatientName", "A"), ("ModalitiesInStudy", "CT"), ("StudyDate", "20260101")):
        with pytest.raises(InvalidQuery, match=keyword):
            key(keyword, *[value] * 65)


@pytest.mark.parametrize(
    ("keyword", "column"),
    [
        ("SOPInstanceUID", "sop_instance_uid"),
        ("OtherPatientIDs", "other_patient_ids"),
        ("TimezoneOffsetFromUTC", "timezone_offset_from_utc"),
        ("StudyID", "study_id"),
        ("Rows", "rows"),
    ],
)
def test_keywords_are_spelled_as_columns(keyword: str, column: str) -> None:
    assert column_name(keyword) == column


def test_every_attribute_has_a_way_to_be_answered() -> None:
    assert all(
        attribute.column is not None or attribute.items or attribute.matching.name == "COMPUTED"
        for attribute in ATTRIBUTES.values()
    )


def test_hierarchical_queries_need_the_unique_keys_above() -> None:
    study_uid = {0x0020000D: SingleValue("1.2")}
    Query(level=Level.SERIES, keys=study_uid).require_hierarchy()
    with pytest.raises(InvalidQuery, match="StudyInstanceUID"):
        Query(level=Level.SERIES).require_hierarchy()
    with pytest.raises(InvalidQuery, match="SeriesInstanceUID"):
        Query(level=Level.IMAGE, keys=study_uid).require_hierarchy()
    with pytest.raises(InvalidQuery, match="PatientID"):
        Query(level=Level.STUDY, model=InformationModel.PATIENT_ROOT).require_hierarchy()
    with pytest.raises(InvalidQuery, match="PATIENT"):
        Query(level=Level.PATIENT).require_hierarchy()
