"""The Native DICOM Model (PS3.19 Annex A.1): the same as the JSON that it is made of, and as DCMTK's."""

import subprocess
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.dataset_buffer import data_set_buffer
from dicomweb.header_json import header_json
from dicomweb.native_xml import native_xml
from tests.archive.dicom_files import offset_of, packaged, shared, syntax_of

NAMESPACE = "{http://dicom.nema.org/PS3.19/models/NativeDICOM}"


def parsed(data_set: dict[str, Any]) -> Element:
    return fromstring(native_xml(data_set))  # noqa: S314 - our own output


def attribute(data_set: dict[str, Any], tag: str) -> Element:
    found = parsed(data_set).find(f"{NAMESPACE}DicomAttribute[@tag='{tag}']")
    assert found is not None
    return found


def values(element: Element) -> list[str | None]:
    return [value.text for value in element.findall(f"{NAMESPACE}Value")]


def test_the_root_names_the_model_and_keeps_spaces() -> None:
    """PS3.19 Table A.1.5-1."""
    root = parsed({})
    assert root.tag == f"{NAMESPACE}NativeDicomModel"
    assert root.get("{http://www.w3.org/XML/1998/namespace}space") == "preserve"


def test_an_attribute_has_tag_vr_and_keyword() -> None:
    """PS3.19 Table A.1.5-2."""
    found = attribute({"00100020": {"vr": "LO", "Value": ["42"]}}, "00100020")
    assert found.attrib == {"tag": "00100020", "vr": "LO", "keyword": "PatientID"}
    assert values(found) == ["42"]


def test_values_are_numbered_and_empty_ones_are_kept() -> None:
    found = attribute({"00080008": {"vr": "CS", "Value": ["MPG", None, "XR3"]}}, "00080008")
    assert [value.get("number") for value in found] == ["1", "2", "3"]
    assert values(found) == ["MPG", None, "XR3"]


def test_an_attribute_without_a_value_has_no_value_element() -> None:
    assert len(attribute({"00080050": {"vr": "SH"}}, "00080050")) == 0


def test_numbers_are_text() -> None:
    assert values(attribute({"00280030": {"vr": "DS", "Value": [0.5, 2]}}, "00280030")) == ["0.5", "2"]
    assert values(attribute({"00280009": {"vr": "AT", "Value": ["00181063"]}}, "00280009")) == ["00181063"]


def test_a_name_is_divided_into_groups_and_components() -> None:
    name = {"Alphabetic": "Adams^John Robert^Q^Rev.^B.A.^x", "Ideographic": "山田^太郎"}
    (found,) = attribute({"00100010": {"vr": "PN", "Value": [name]}}, "00100010")
    assert found.tag == f"{NAMESPACE}PersonName"
    alphabetic, ideographic = found
    assert [(part.tag.removeprefix(NAMESPACE), part.text) for part in alphabetic] == [
        ("FamilyName", "Adams"),
        ("GivenName", "John Robert"),
        ("MiddleName", "Q"),
        ("NamePrefix", "Rev."),
        ("NameSuffix", "B.A.^x"),
    ]
    assert [part.text for part in ideographic] == ["山田", "太郎"]


def test_an_empty_name_among_others_keeps_its_number() -> None:
    found = attribute({"00081050": {"vr": "PN", "Value": [None, {"Alphabetic": "A^B"}]}}, "00081050")
    assert [(name.get("number"), len(name)) for name in found] == [("1", 0), ("2", 1)]


def test_items_hold_data_sets() -> None:
    item = {"00400009": {"vr": "SH", "Value": ["S1"]}}
    found = attribute({"00400275": {"vr": "SQ", "Value": [item, {}]}}, "00400275")
    assert [(one.tag, one.get("number"), len(one)) for one in found] == [
        (f"{NAMESPACE}Item", "1", 1),
        (f"{NAMESPACE}Item", "2", 0),
    ]


def test_private_attributes_name_their_creator_instead_of_a_block() -> None:
    data_set = {
        "00090010": {"vr": "LO", "Value": ['ACME "1.1"']},
        "00091002": {"vr": "UN", "InlineBinary": "AAE="},
        "00091102": {"vr": "UN"},
    }
    first, second = parsed(data_set)
    assert first.attrib == {"tag": "00090002", "vr": "UN", "privateCreator": 'ACME "1.1"'}
    assert first[0].tag == f"{NAMESPACE}InlineBinary"
    assert first[0].text == "AAE="
    assert second.attrib == {"tag": "00090002", "vr": "UN"}


def test_group_lengths_are_left_out() -> None:
    assert len(parsed({"00080000": {"vr": "UL", "Value": [10]}})) == 0


def test_bulk_data_is_named_by_uri() -> None:
    found = attribute({"7FE00010": {"vr": "OW", "BulkDataURI": "http://node/a?b=1&c"}}, "7FE00010")
    assert [(one.tag, one.attrib) for one in found] == [(f"{NAMESPACE}BulkData", {"uri": "http://node/a?b=1&c"})]


@given(st.text())
def test_b46_whatever_a_text_holds_the_xml_is_well_formed(text: str) -> None:
    (found,) = values(attribute({"00104000": {"vr": "LT", "Value": [text]}}, "00104000"))
    kept = "".join(c if c in "\t\n\r" or (" " <= c <= "\ud7ff") or c >= "\ue000" else "\ufffd" for c in text)
    assert (found or "") == kept.replace("\ufffe", "\ufffd").replace("\uffff", "\ufffd")


@pytest.mark.parametrize("path", shared("sr") + [path for path in packaged() if path.name == "CT_small.dcm"], ids=str)
def test_a_file_reads_as_dcmtk_writes_it(path: Path) -> None:
    with data_set_buffer(path, offset_of(path), syntax_of(path)) as buffer:
        ours = parsed(header_json(buffer, syntax_of(path), "http://node/bulkdata"))
    command = ["dcm2xml", "--native-format", "--convert-to-utf8", str(path)]
    written = subprocess.run(command, check=True, capture_output=True).stdout
    theirs = fromstring(written)  # noqa: S314 - DCMTK's output
    expected = {one.get("tag"): leaves(one) for one in theirs if is_compared(one)}
    found = {one.get("tag"): leaves(one) for one in ours if is_compared(one)}
    assert found == expected


def is_compared(element: Element) -> bool:
    """Tell whether an attribute is of the standard, and no bytes: those are written in several ways."""
    standard = int(element.get("tag", "0")[:4], 16) % 2 == 0
    return standard and element.get("vr") not in {"OB", "OW", "UN"} and element.get("tag") != "00080005"


def leaves(attribute: Element) -> list[tuple[str, str | float]]:
    """Give the texts of an attribute with the names of what they stand in; numbers may be written in several ways."""
    found: list[tuple[str, str | float]] = []
    for one in (one for one in attribute.iter() if one.get("vr") not in {None, "SQ"}):
        numeric = one.get("vr") in {"DS", "IS", "FL", "FD"}
        texts = ((leaf.tag.removeprefix(NAMESPACE), (leaf.text or "").strip()) for leaf in one.iter() if not len(leaf))
        found += [(name, float(f"{float(text):.6g}") if numeric else text) for name, text in texts if text]
    return found
