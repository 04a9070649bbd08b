"""The beginning of an association on the acceptor's side: read the A-ASSOCIATE-RQ in time, within limits (PS3.8)."""

from time import monotonic
from typing import Final

from routing.associate import decode_request
from routing.negotiation import AssociateRequest
from routing.pdu import HEADER, HEADER_SIZE, AbortReason, PduType, ProtocolViolation
from routing.stream import Stream

# 128 contexts with 60 transfer syntaxes each, and user identity with a SAML assertion, stay below this.
MAX_REQUEST_SIZE: Final = 1 << 20


def read_request(stream: Stream, artim_seconds: float) -> AssociateRequest:
    """Read the A-ASSOCIATE-RQ that must come within `artim_seconds` of the connection.

    Raises
    ------
    ProtocolViolation
        When anything else comes: another PDU, an HTTP request, a TLS hello, a length beyond the limit.
    WireError
        When nothing comes, or not all of it.
    """
    deadline = monotonic() + artim_seconds
    header = bytearray(HEADER_SIZE)
    stream.read_exactly(memoryview(header), artim_seconds)
    kind, length = HEADER.unpack(header)
    if kind != PduType.ASSOCIATE_RQ:
        known = kind in frozenset(PduType)
        reason = AbortReason.UNEXPECTED_PDU if known else AbortReason.UNRECOGNIZED_PDU
        raise ProtocolViolation("the peer does not begin with A-ASSOCIATE-RQ", reason)
    if length > MAX_REQUEST_SIZE:
        raise ProtocolViolation(f"A-ASSOCIATE-RQ of {length} bytes")
    body = bytearray(length)
    stream.read_exactly(memoryview(body), max(deadline - monotonic(), 0.0))
    return decode_request(bytes(body))
