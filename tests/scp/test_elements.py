"""Identifiers as bytes: against pydicom, and against anything at all."""

import contextlib
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset
from pynetdicom import dsutils

from archive.errors import InvalidQuery, NotParsable
from scp import elements, identifier

STUDY_ROOT_FIND = "1.2.840.10008.5.1.4.1.2.2.1"


def sample() -> Dataset:
    item = Dataset()
    item.ScheduledProcedureStepID = "S1"
    dataset = Dataset()
    dataset.QueryRetrieveLevel = "STUDY"
    dataset.PatientName = "A^B"
    dataset.RequestAttributesSequence = [item, Dataset()]
    dataset.NumberOfStudyRelatedInstances = None
    dataset.Rows = 512
    return dataset


@pytest.mark.parametrize("implicit", [True, False])
@pytest.mark.parametrize("undefined", [True, False])
def test_what_pydicom_wrote_is_read_and_written_again(implicit: bool, undefined: bool) -> None:
    dataset = sample()
    dataset["RequestAttributesSequence"].is_undefined_length = undefined
    dataset.RequestAttributesSequence[0].is_undefined_length_sequence_item = undefined
    encoded = dsutils.encode(dataset, implicit, is_little_endian=True)
    assert encoded is not None
    read = elements.read(encoded, implicit=implicit)
    assert [element.vr for element in read] == ["CS", "PN", "IS", "US", "SQ"]
    again = elements.write(read, implicit=implicit)
    decoded = dsutils.decode(BytesIO(again), implicit, is_little_endian=True)
    assert decoded == dataset


@given(st.binary(max_size=9), st.sampled_from(["PN", "UI", "LO", "OB", "UN", "UT", "SH"]), st.booleans())
def test_what_is_written_has_an_even_length_at_every_level(value: bytes, vr: str, implicit: bool) -> None:
    """PS3.5 Section 7.1.1."""
    one = elements.Element(tag=0x00080100, vr=vr, value=value)
    inside = elements.Element(tag=0x00400275, vr="SQ", items=([one], []))
    outside = elements.Element(tag=0x00400260, vr="SQ", items=([one, inside],))
    encoded = elements.write([one, outside], implicit=implicit)
    assert len(encoded) % 2 == 0
    alone, sequence = elements.read(encoded, implicit=implicit)
    assert alone.value == value + (b"\0" if vr in ("UI", "OB", "UN") else b" ") * (len(value) % 2)
    assert sequence.items[0][0].value == alone.value


@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_are_either_an_identifier_or_refused(encoded: bytes, implicit: bool) -> None:
    with contextlib.suppress(NotParsable, InvalidQuery):
        identifier.understand(encoded, sop_class_uid=STUDY_ROOT_FIND, implicit=implicit)


@given(st.binary(max_size=60), st.sampled_from(["PN", "DA", "TM", "UI", "IS", "US", "LO", "SQ", "UT"]))
def test_any_value_is_either_a_key_or_refused(value: bytes, vr: str) -> None:
    tags = {"PN": 0x00100010, "DA": 0x00080020, "TM": 0x00080030, "UI": 0x0020000D, "IS": 0x00201208, "US": 0x00280010}
    level = elements.Element(tag=0x00080052, vr="CS", value=b"STUDY")
    key = elements.Element(tag=tags.get(vr, 0x00081030), vr="LO" if vr == "SQ" else vr, value=value)
    with contextlib.suppress(NotParsable, InvalidQuery):
        identifier.understand(
            elements.write([level, key], implicit=False), sop_class_uid=STUDY_ROOT_FIND, implicit=False
        )


def test_a_sequence_of_undefined_length_that_its_sender_did_not_know_is_implicit_inside() -> None:
    """PS3.5 Section 6.2.2, Note 2: written as UN when an identifier was converted to explicit VR."""
    inside = elements.write([elements.Element(tag=0x00291010, vr="LO", value=b"ABCD")], implicit=True)
    encoded = b"\x29\0\x01\x10UN\0\0\xff\xff\xff\xff" + b"\xfe\xff\0\xe0" + len(inside).to_bytes(4, "little")
    encoded += inside + b"\xfe\xff\xdd\xe0\0\0\0\0"
    encoded += elements.write([elements.Element(tag=0x00291002, vr="LO", value=b"EFGH")], implicit=False)
    sequence, following = elements.read(encoded, implicit=False)
    assert [(one.tag, one.value) for one in sequence.items[0]] == [(0x00291010, b"ABCD")]
    assert (following.vr, following.value) == ("LO", b"EFGH")


@pytest.mark.parametrize(("size", "vr"), [(65_534, "ST"), (65_536, "UN")])
def test_what_is_too_long_for_its_vr_is_written_as_un(size: int, vr: str) -> None:
    """PS3.5 Section 6.2.2: with explicit VR; with implicit VR there is no such limit."""
    one = elements.Element(tag=0x00400280, vr="ST", value=b"a" * size)
    (explicit,) = elements.read(elements.write([one], implicit=False), implicit=False)
    (implicit,) = elements.read(elements.write([one], implicit=True), implicit=True)
    assert (explicit.vr, explicit.value) == (vr, one.value)
    assert (implicit.vr, implicit.value) == ("ST", one.value)


def test_nesting_beyond_any_identifier_is_refused() -> None:
    item: elements.Item = []
    for _ in range(2000):
        item = [elements.Element(tag=0x00400275, vr="SQ", items=())]
    encoded = elements.write(item, implicit=False)
    for _ in range(200):
        encoded = b"\x40\0\x75\x02SQ\0\0\xff\xff\xff\xff\xfe\xff\0\xe0\xff\xff\xff\xff" + encoded
    with pytest.raises(NotParsable):
        elements.read(encoded, implicit=False)
