"""DIMSE command sets, PS3.7 Section 6.3 and Annex E: always implicit VR little endian, group 0000 only."""

from collections.abc import Iterable, Mapping
from enum import IntEnum
from functools import lru_cache
from struct import Struct
from typing import Final

from routing.pdu import AbortReason, ProtocolViolation

_ELEMENT: Final = Struct("<HHI")
_NUMBER: Final = Struct("<HHIH")
_UINT16: Final = Struct("<H")
_TAG: Final = Struct("<HH")
_UINT32: Final = Struct("<I")
_HEADER_SIZE: Final = _ELEMENT.size

NO_DATA_SET: Final = 0x0101
HAS_DATA_SET: Final = 0x0001
PRIORITY_MEDIUM: Final = 0x0000
_RESPONSE_BIT: Final = 0x8000
_MAX_COMMENT: Final = 64

Value = int | str
Command = Mapping[int, Value]


class CommandField(IntEnum):
    """Command Field values of requests, PS3.7 Table E.1-1; a response has bit 15 set."""

    C_STORE = 0x0001
    C_GET = 0x0010
    C_FIND = 0x0020
    C_MOVE = 0x0021
    C_ECHO = 0x0030
    N_EVENT_REPORT = 0x0100
    N_GET = 0x0110
    N_SET = 0x0120
    N_ACTION = 0x0130
    N_CREATE = 0x0140
    N_DELETE = 0x0150
    C_CANCEL = 0x0FFF


class Element(IntEnum):
    """Element numbers of group 0000, PS3.7 Table E.1-1."""

    AFFECTED_SOP_CLASS_UID = 0x0002
    REQUESTED_SOP_CLASS_UID = 0x0003
    COMMAND_FIELD = 0x0100
    MESSAGE_ID = 0x0110
    MESSAGE_ID_RESPONDED_TO = 0x0120
    MOVE_DESTINATION = 0x0600
    PRIORITY = 0x0700
    DATA_SET_TYPE = 0x0800
    STATUS = 0x0900
    OFFENDING_ELEMENT = 0x0901
    ERROR_COMMENT = 0x0902
    ERROR_ID = 0x0903
    AFFECTED_SOP_INSTANCE_UID = 0x1000
    REQUESTED_SOP_INSTANCE_UID = 0x1001
    EVENT_TYPE_ID = 0x1002
    ATTRIBUTE_IDENTIFIER_LIST = 0x1005
    ACTION_TYPE_ID = 0x1008
    REMAINING = 0x1020
    COMPLETED = 0x1021
    FAILED = 0x1022
    WARNING = 0x1023
    MOVE_ORIGINATOR_AE_TITLE = 0x1030
    MOVE_ORIGINATOR_MESSAGE_ID = 0x1031


_UIDS: Final = frozenset({0x0002, 0x0003, 0x1000, 0x1001})
_TEXTS: Final = _UIDS | {0x0600, 0x0902, 0x1005, 0x1030}
_NUMBERS: Final = frozenset(
    {0x0100, 0x0110, 0x0120, 0x0700, 0x0800, 0x0900, 0x0903, 0x1002, 0x1008, 0x1020, 0x1021, 0x1022, 0x1023, 0x1031}
)


def decode_command(encoded: bytes) -> Command:
    """Read a command set into values by element number; elements we have no use for are left out.

    Raises
    ------
    ProtocolViolation
        When it is not a row of complete group 0000 elements, or Command Field is missing.
    """
    values: dict[int, Value] = {}
    at, end = 0, len(encoded)
    while at < end:
        if end - at < _HEADER_SIZE:
            raise _garbage("command element cut off")
        group, element, length = _ELEMENT.unpack_from(encoded, at)
        start = at + _HEADER_SIZE
        at = start + length
        if group != 0 or at > end:
            raise _garbage("command set is not made of complete group 0000 elements")
        if element in _NUMBERS:
            if length != _UINT16.size:
                raise _garbage(f"command element (0000,{element:04X}) has {length} bytes")
            values[element] = _UINT16.unpack_from(encoded, start)[0]
        elif element in _TEXTS:
            values[element] = _decode_text(element, encoded[start:at])
    if Element.COMMAND_FIELD not in values:
        raise _garbage("command set without Command Field")
    return values


def _decode_text(element: int, encoded: bytes) -> str:
    """Read a text; tags are written as eight hexadecimal digits each, with a backslash between."""
    if element != Element.ATTRIBUTE_IDENTIFIER_LIST:
        return encoded.strip(b"\0 ").decode("ascii", "replace")
    if len(encoded) % _TAG.size:
        raise _garbage("Attribute Identifier List is cut off")
    return "\\".join(f"{group:04X}{element:04X}" for group, element in _TAG.iter_unpack(encoded))


def _garbage(detail: str) -> ProtocolViolation:
    return ProtocolViolation(detail, AbortReason.INVALID_PARAMETER)


def encode_command(command: Command) -> bytes:
    """Encode `command`, elements in ascending order behind the group length."""
    body = b"".join([_encode_element(element, command[element]) for element in sorted(command)])
    return _ELEMENT.pack(0, 0, 4) + _UINT32.pack(len(body)) + body


def _encode_element(element: int, value: Value) -> bytes:
    if isinstance(value, int):
        if element == Element.OFFENDING_ELEMENT:
            return _ELEMENT.pack(0, element, 4) + _UINT16.pack(value >> 16) + _UINT16.pack(value & 0xFFFF)
        return _NUMBER.pack(0, element, _UINT16.size, value)
    # Of a UID the same bytes are wanted again with each image; nothing long is remembered.
    return _remembered_text(element, value) if len(value) <= _MAX_COMMENT else _encode_text(element, value)


@lru_cache(maxsize=256)
def _remembered_text(element: int, value: str) -> bytes:
    return _encode_text(element, value)


def _encode_text(element: int, value: str) -> bytes:
    if element == Element.ATTRIBUTE_IDENTIFIER_LIST:
        tags = [int(tag, 16) for tag in value.split("\\") if tag]
        packed = b"".join(_TAG.pack(tag >> 16, tag & 0xFFFF) for tag in tags)
        return _ELEMENT.pack(0, element, len(packed)) + packed
    encoded = value.encode("ascii", "replace")
    if len(encoded) % 2:
        encoded += b"\0" if element in _UIDS else b" "
    return _ELEMENT.pack(0, element, len(encoded)) + encoded


def number(command: Command, element: Element, default: int = 0) -> int:
    """Return a US element of `command`."""
    value = command.get(element, default)
    return value if isinstance(value, int) else default


def text(command: Command, element: Element) -> str:
    """Return a UI, AE or LO element of `command`, empty when absent."""
    value = command.get(element, "")
    return value if isinstance(value, str) else ""


def has_data_set(command: Command) -> bool:
    """Tell whether a data set follows `command` (PS3.7 Annex E.1: anything but 0101H)."""
    return number(command, Element.DATA_SET_TYPE, NO_DATA_SET) != NO_DATA_SET


def is_response(command: Command) -> bool:
    """Tell a response from a request."""
    return bool(number(command, Element.COMMAND_FIELD) & _RESPONSE_BIT)


def request(field: CommandField, message_id: int, *, data_set: bool) -> dict[int, Value]:
    """Make the elements that every request has; the caller adds those of its service."""
    return {
        Element.COMMAND_FIELD: int(field),
        Element.MESSAGE_ID: message_id,
        Element.DATA_SET_TYPE: HAS_DATA_SET if data_set else NO_DATA_SET,
    }


_ECHOED: Final = (
    (Element.AFFECTED_SOP_CLASS_UID, Element.AFFECTED_SOP_CLASS_UID),
    (Element.REQUESTED_SOP_CLASS_UID, Element.AFFECTED_SOP_CLASS_UID),
    (Element.AFFECTED_SOP_INSTANCE_UID, Element.AFFECTED_SOP_INSTANCE_UID),
    (Element.REQUESTED_SOP_INSTANCE_UID, Element.AFFECTED_SOP_INSTANCE_UID),
)


def response(
    command: Command,
    status: int,
    *,
    comment: str = "",
    data_set: bool = False,
    counts: Iterable[tuple[Element, int]] = (),
) -> dict[int, Value]:
    """Answer the request `command` with `status`, its UIDs repeated as PS3.7 Section 9.3 and 10.3 ask."""
    answer: dict[int, Value] = {
        Element.COMMAND_FIELD: number(command, Element.COMMAND_FIELD) | _RESPONSE_BIT,
        Element.MESSAGE_ID_RESPONDED_TO: number(command, Element.MESSAGE_ID),
        Element.DATA_SET_TYPE: HAS_DATA_SET if data_set else NO_DATA_SET,
        Element.STATUS: status,
        **dict(counts),
    }
    for source, target in _ECHOED:
        if value := command.get(source):
            answer[target] = value
    if comment:
        answer[Element.ERROR_COMMENT] = comment[:_MAX_COMMENT]
    return answer
