"""The codecs of A-ASSOCIATE and of command sets: what they read they can write, and read again."""

from typing import Final

from routing import dimse
from routing.associate import decode_accept, decode_request, encode_accept, encode_request
from routing.dimse import Command, Element
from routing.negotiation import agreed
from routing.pdu import HEADER_SIZE, ProtocolViolation
from scp.contexts import answer

_MAX_COMMENT: Final = 64


def negotiate(data: bytes) -> None:
    """Read a body as A-ASSOCIATE-RQ and as -AC, answer the request and read the answer."""
    try:
        request = decode_request(data)
    except ProtocolViolation:
        pass
    else:
        accept = answer(request, max_pdu=16384)
        assert decode_accept(encode_accept(accept)[HEADER_SIZE:]) == accept
        for context_id in agreed(request, accept):
            assert context_id % 2
        assert decode_request(encode_request(request)[HEADER_SIZE:]) == request
    try:
        decode_accept(data)
    except ProtocolViolation:
        return


def read_command(data: bytes) -> None:
    """Read a command set, write it again, and answer it."""
    try:
        command = dimse.decode_command(data)
    except ProtocolViolation:
        return
    again = dimse.decode_command(dimse.encode_command(command))
    if all(isinstance(value, int) or value.isascii() for value in command.values()):
        assert again == command
    answered = dimse.decode_command(dimse.encode_command(_response(command)))
    assert dimse.is_response(answered)
    assert dimse.number(answered, Element.STATUS) == 0xC000


def _response(command: Command) -> Command:
    response = dimse.response(command, 0xC000, comment="x" * 2 * _MAX_COMMENT)
    assert len(dimse.text(response, Element.ERROR_COMMENT)) <= _MAX_COMMENT
    return response
