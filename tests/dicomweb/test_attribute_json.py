"""Attribute lists in the DICOM JSON Model and as XML: what is written is read again (PS3.18 Annex F, PS3.19 A.1)."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset

from archive.attribute_lists import clean, from_keywords
from archive.errors import NotParsable
from dicomweb.attribute_json import from_json, to_json
from dicomweb.native_xml import native_xml
from dicomweb.native_xml_reading import read_native_xml

LIST = from_keywords(
    {
        "PatientName": "Yamada^Tarou=山田^太郎=やまだ^たろう",
        "PatientID": "P1",
        "ProcedureStepState": "SCHEDULED",
        "ScheduledProcedureStepPriority": None,
        "Rows": 512,
        "PatientWeight": "70.5",
        "ImageType": ["ORIGINAL", "PRIMARY"],
        "InputInformationSequence": [{"StudyInstanceUID": "1.2.3", "ReferencedSOPSequence": []}, {}],
    }
)


def test_a_list_comes_back_from_json_and_from_xml() -> None:
    document = to_json(LIST)
    assert from_json(json.loads(json.dumps(document))) == LIST
    assert from_json(read_native_xml(native_xml(document))) == LIST


def test_pydicom_reads_what_is_written() -> None:
    dataset = Dataset.from_json(to_json(LIST))
    assert dataset.PatientName.ideographic == "山田^太郎"
    assert (dataset.Rows, float(dataset.PatientWeight)) == (512, 70.5)
    assert dataset.InputInformationSequence[0].StudyInstanceUID == "1.2.3"
    assert from_json(dataset.to_json_dict()) == LIST


@pytest.mark.parametrize(
    ("tag", "value", "kept"),
    [
        ("00200013", 1, "1"),
        ("00200013", 1.0, "1"),
        ("00200013", " 7 ", "7"),
        ("00200013", "7.0", "7"),
        ("00280010", "5e1", "50"),
        ("00280010", "+5", "+5"),
        ("00200013", None, ""),
        ("00200013", "", ""),
        ("00280010", 512.0, "512"),
        ("00101030", 70.5, "70.5"),
        ("00101030", "70.50", "70.50"),
        ("00101030", 1e16, "1e+16"),
    ],
)
def test_numbers_come_in_any_form_of_json(tag: str, value: Any, kept: str) -> None:
    read = from_json({tag: {"vr": "IS", "Value": [value]}})
    assert read == {tag: [kept]}
    assert from_json(json.loads(json.dumps(to_json(read)))) == from_json(to_json(read))
    assert to_json(read)[tag].get("Value", []) == ([float(kept)] if kept else [])


@pytest.mark.parametrize(
    ("tag", "value"),
    [
        ("00200013", 1.5),
        ("00200013", "one"),
        ("00200013", "1_0"),
        ("00200013", "9" * 400),
        ("00101030", "heavy"),
        ("00101030", "NaN"),
        ("00101030", float("inf")),
    ],
)
def test_what_is_no_number_is_refused(tag: str, value: Any) -> None:
    with pytest.raises(NotParsable, match="number"):
        from_json({tag: {"vr": "DS", "Value": [value]}})


_TEXTS = st.text(max_size=20).map(clean).filter(bool)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)
_ELEMENTS = st.fixed_dictionaries(
    {"vr": st.sampled_from(["CS", "SQ", "PN", "DS"]), "Value": st.lists(_JSON, max_size=3)}
)
_TAGS = st.sampled_from(["00741000", "00404021", "00100010", "00741004", "00280010", "7FE00010"])


@given(_TEXTS)
def test_any_text_comes_back(text: str) -> None:
    given_list = from_keywords({"ProcedureStepLabel": text})
    assert from_json(json.loads(json.dumps(to_json(given_list)))) == given_list


@given(st.dictionaries(_TAGS, _ELEMENTS, max_size=4) | _JSON)
def test_anything_is_either_read_and_written_again_or_no_data_set(document: Any) -> None:
    try:
        found = from_json(document)
    except NotParsable:
        return
    json.dumps(to_json(found), allow_nan=False)


@given(st.binary(max_size=200))
def test_bytes_are_a_data_set_or_not_parsable(encoded: bytes) -> None:
    with pytest.raises(NotParsable):
        read_native_xml(b"<x>" + encoded)
