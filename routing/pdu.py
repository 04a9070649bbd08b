"""Upper layer PDUs of PS3.8 Section 9.3: framing, P-DATA, and the PDUs of fixed size. No input or output here."""

from collections.abc import Iterator
from enum import IntEnum
from struct import Struct
from typing import Final, NamedTuple

from routing.errors import WireError

HEADER: Final = Struct(">BxI")
HEADER_SIZE: Final = HEADER.size
PDV_HEADER: Final = Struct(">IBB")
PDV_HEADER_SIZE: Final = PDV_HEADER.size
# A PDV's length counts the context ID and the message control header but not itself (PS3.8 Table 9-23).
_PDV_LENGTH_SIZE: Final = 4
_PDV_OVERHEAD: Final = PDV_HEADER_SIZE - _PDV_LENGTH_SIZE
_P_DATA_START: Final = Struct(">BxIIBB")
_FIXED: Final = Struct(">BxIxBBB")

COMMAND_BIT: Final = 0x01
LAST_BIT: Final = 0x02


class PduType(IntEnum):
    """PDU types, PS3.8 Section 9.3.1."""

    ASSOCIATE_RQ = 1
    ASSOCIATE_AC = 2
    ASSOCIATE_RJ = 3
    P_DATA = 4
    RELEASE_RQ = 5
    RELEASE_RP = 6
    ABORT = 7


class AbortSource(IntEnum):
    """Source of an A-ABORT, PS3.8 Table 9-26."""

    SERVICE_USER = 0
    SERVICE_PROVIDER = 2


class AbortReason(IntEnum):
    """Reason of a provider's A-ABORT, PS3.8 Table 9-26."""

    NOT_SPECIFIED = 0
    UNRECOGNIZED_PDU = 1
    UNEXPECTED_PDU = 2
    UNRECOGNIZED_PARAMETER = 4
    UNEXPECTED_PARAMETER = 5
    INVALID_PARAMETER = 6


class ProtocolViolation(WireError):
    """The peer broke the upper layer protocol; the association ends with an A-ABORT of `reason`."""

    def __init__(self, detail: str, reason: AbortReason = AbortReason.INVALID_PARAMETER) -> None:
        super().__init__(detail)
        self.reason = reason


class Pdv(NamedTuple):
    """One presentation data value, PS3.8 Section 9.3.5.1 and Annex E.2.

    Parameters
    ----------
    context_id
        Presentation context of the message.
    is_command, is_last
        The message control header.
    fragment
        View into the receive buffer, valid until the next PDU is read.
    """

    context_id: int
    is_command: bool
    is_last: bool
    fragment: memoryview


def split_pdvs(body: memoryview) -> Iterator[Pdv]:
    """Take the body of a P-DATA-TF PDU apart.

    Raises
    ------
    ProtocolViolation
        When a PDV's length leaves the PDU, is too short for its header, or odd (PS3.8 Annex E.2, Note).
    """
    at, end = 0, len(body)
    if end == 0:
        raise ProtocolViolation("P-DATA without a presentation data value")
    while at < end:
        if end - at < PDV_HEADER_SIZE:
            raise ProtocolViolation("PDV header cut off")
        length, context_id, control = PDV_HEADER.unpack_from(body, at)
        stop = at + _PDV_LENGTH_SIZE + length
        if length < _PDV_OVERHEAD or stop > end or length % 2:
            raise ProtocolViolation(f"PDV length {length} is not possible here")
        is_command, is_last = bool(control & COMMAND_BIT), bool(control & LAST_BIT)
        yield Pdv(context_id, is_command, is_last, body[at + PDV_HEADER_SIZE : stop])
        at = stop


def p_data_header(context_id: int, length: int, *, is_command: bool, is_last: bool) -> bytes:
    """Encode the 12 bytes that stand before a fragment of `length` bytes sent as a PDU of its own."""
    control = (COMMAND_BIT if is_command else 0) | (LAST_BIT if is_last else 0)
    return _P_DATA_START.pack(PduType.P_DATA, length + PDV_HEADER_SIZE, length + _PDV_OVERHEAD, context_id, control)


def fragment_size(peer_max_pdu: int, own_max_pdu: int) -> int:
    """Tell how many bytes of a message fit one PDU; 0 from the peer means no limit (PS3.8 Annex D.1)."""
    largest = min(peer_max_pdu, own_max_pdu) if peer_max_pdu else own_max_pdu
    return max(largest - PDV_HEADER_SIZE, 2) & ~1


def p_data(context_id: int, message: bytes, *, is_command: bool, fragment: int) -> bytes:
    """Encode a whole command set or data set as P-DATA-TF PDUs of at most `fragment` message bytes each."""
    if len(message) <= fragment:
        return p_data_header(context_id, len(message), is_command=is_command, is_last=True) + message
    parts = []
    for at in range(0, len(message), fragment):
        part = message[at : at + fragment]
        is_last = at + fragment >= len(message)
        parts += [p_data_header(context_id, len(part), is_command=is_command, is_last=is_last), part]
    return b"".join(parts)


def encode_pdu(kind: PduType, body: bytes) -> bytes:
    """Put the PDU header before `body`."""
    return HEADER.pack(kind, len(body)) + body


def encode_reject(result: int, source: int, reason: int) -> bytes:
    """Encode an A-ASSOCIATE-RJ PDU, PS3.8 Table 9-21."""
    return _FIXED.pack(PduType.ASSOCIATE_RJ, 4, result, source, reason)


def encode_abort(source: AbortSource, reason: AbortReason = AbortReason.NOT_SPECIFIED) -> bytes:
    """Encode an A-ABORT PDU, PS3.8 Table 9-26; a service user gives no reason."""
    return _FIXED.pack(PduType.ABORT, 4, 0, source, reason if source else 0)


def decode_fixed(body: bytes | memoryview) -> tuple[int, int, int]:
    """Read the three values of an A-ASSOCIATE-RJ (result, source, reason) or A-ABORT (0, source, reason)."""
    if len(body) < 4:  # noqa: PLR2004  reserved byte and three values
        raise ProtocolViolation("reject or abort PDU cut off")
    return body[1], body[2], body[3]


RELEASE_RQ: Final = encode_pdu(PduType.RELEASE_RQ, bytes(4))
RELEASE_RP: Final = encode_pdu(PduType.RELEASE_RP, bytes(4))
