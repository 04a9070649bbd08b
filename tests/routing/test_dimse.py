"""DIMSE command sets, against pynetdicom and against anything at all."""

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset
from pynetdicom import dsutils

from routing import dimse
from routing.dimse import CommandField, Element
from routing.pdu import ProtocolViolation

STORE = {
    **dimse.request(CommandField.C_STORE, 7, data_set=True),
    Element.AFFECTED_SOP_CLASS_UID: "1.2.840.10008.5.1.4.1.1.2",
    Element.AFFECTED_SOP_INSTANCE_UID: "1.2.3",
    Element.PRIORITY: 0,
}


def test_pydicom_reads_our_command() -> None:
    command = dsutils.decode(BytesIO(dimse.encode_command(STORE)), is_implicit_vr=True, is_little_endian=True)
    assert command.CommandField == 1
    assert command.MessageID == 7
    assert command.AffectedSOPInstanceUID == "1.2.3"
    assert command.CommandGroupLength == len(dimse.encode_command(STORE)) - 12


def test_a_command_comes_out_as_it_went_in() -> None:
    assert dimse.decode_command(dimse.encode_command(STORE)) == STORE


def test_a_list_of_attributes_is_read_as_pydicom_writes_it() -> None:
    command = Dataset()
    command.CommandField, command.AttributeIdentifierList = 0x0110, [0x00741000, 0x00100010]
    encoded = dsutils.encode(command, is_implicit_vr=True, is_little_endian=True)
    assert encoded is not None
    read = dimse.decode_command(encoded)
    assert dimse.text(read, Element.ATTRIBUTE_IDENTIFIER_LIST) == "00741000\\00100010"
    assert dimse.decode_command(dimse.encode_command(read)) == read


def test_a_response_repeats_what_it_answers() -> None:
    answer = dimse.response(STORE, 0xA900, comment="x" * 80)
    assert answer[Element.COMMAND_FIELD] == 0x8001
    assert answer[Element.MESSAGE_ID_RESPONDED_TO] == 7
    assert answer[Element.AFFECTED_SOP_INSTANCE_UID] == "1.2.3"
    assert answer[Element.ERROR_COMMENT] == "x" * 64
    assert not dimse.has_data_set(answer)
    assert dimse.is_response(answer)


@pytest.mark.parametrize(
    "encoded",
    [
        b"",
        b"\0\0\0\x01",  # cut off in the header
        b"\x08\0\x18\0\x02\0\0\x001.",  # not group 0000
        b"\0\0\0\x01\xff\xff\xff\xff\x01\0",  # longer than what is there
        b"\0\0\0\x01\x04\0\0\0\x01\0\0\0",  # a US of four bytes
        b"\0\0\x05\x10\x02\0\0\0\x10\0",  # a tag of two bytes
    ],
)
def test_garbage_is_a_violation(encoded: bytes) -> None:
    with pytest.raises(ProtocolViolation):
        dimse.decode_command(encoded)


@given(st.binary(max_size=200))
def test_anything_is_either_read_or_a_violation(encoded: bytes) -> None:
    try:
        command = dimse.decode_command(encoded)
    except ProtocolViolation:
        return
    assert Element.COMMAND_FIELD in command
