"""The reader of an association, fed from memory: with what peers send, and with anything at all."""

import struct
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing import dimse
from routing.association import Association, Timing
from routing.dimse import CommandField, Element
from routing.errors import PeerAborted, WireError
from routing.negotiation import Context
from routing.pdu import RELEASE_RP, RELEASE_RQ, AbortSource, ProtocolViolation, encode_abort, p_data
from tests.routing.memory import Memory

CONTEXTS = {
    number: Context(context_id=number, abstract_syntax="1.2", transfer_syntax="1.2.840.10008.1.2") for number in (1, 3)
}
ECHO = dimse.request(CommandField.C_ECHO, 1, data_set=False)
STORE = dimse.request(CommandField.C_STORE, 2, data_set=True)
CANCEL = {Element.COMMAND_FIELD: int(CommandField.C_CANCEL), Element.MESSAGE_ID_RESPONDED_TO: 2, 0x0800: 0x0101}


def association(received: bytes) -> tuple[Association, Memory]:
    stream = Memory(received)
    return (
        Association(stream, contexts=CONTEXTS, own_max_pdu=1000, peer_max_pdu=500, timing=Timing()),
        stream,
    )


def command(values: dimse.Command, context_id: int = 1) -> bytes:
    return p_data(context_id, dimse.encode_command(values), is_command=True, fragment=400)


def data(data_set: bytes, context_id: int = 1, fragment: int = 400) -> bytes:
    return p_data(context_id, data_set, is_command=False, fragment=fragment)


def test_a_message_and_its_data_set_are_read_and_the_next_one_after_it() -> None:
    reader, _ = association(command(STORE, 3) + data(bytes(range(250)) * 8, 3) + command(ECHO))
    message = reader.receive()
    assert message is not None
    assert (message.context.context_id, message.command) == (3, STORE)
    assert b"".join(bytes(fragment) for fragment in reader.fragments()) == bytes(range(250)) * 8
    following = reader.receive()
    assert following is not None
    assert following.command == ECHO


def test_a_data_set_nobody_read_is_thrown_away() -> None:
    reader, _ = association(command(STORE) + data(bytes(2000)) + command(ECHO))
    reader.receive()
    following = reader.receive()
    assert following is not None
    assert following.command == ECHO


def test_a_command_in_pieces_and_several_values_in_one_pdu_are_read() -> None:
    encoded = dimse.encode_command(STORE)
    pieces = [encoded[:20], encoded[20:]]
    pdvs = [struct.pack(">IBB", len(p) + 2, 1, 1 | last << 1) + p for p, last in zip(pieces, (0, 1), strict=True)]
    pdvs.append(struct.pack(">IBB", 6, 1, 2) + b"abcd")
    body = b"".join(pdvs)
    reader, _ = association(struct.pack(">BxI", 4, len(body)) + body)
    message = reader.receive()
    assert message is not None
    assert message.command == STORE
    assert reader.identifier() == b"abcd"


def test_a_release_is_answered() -> None:
    reader, stream = association(RELEASE_RQ)
    assert reader.receive() is None
    assert stream.sent == RELEASE_RP


def test_an_abort_says_who_and_why() -> None:
    reader, _ = association(encode_abort(AbortSource.SERVICE_PROVIDER))
    with pytest.raises(PeerAborted, match="service provider, reason 0"):
        reader.receive()


def test_a_cancel_is_noticed_without_waiting_and_remembered_until_forgotten() -> None:
    reader, _ = association(command(CANCEL))
    assert reader.canceled(2)
    assert reader.canceled(2)
    reader.forget_cancel(2)
    assert not reader.canceled(2)


def test_a_cancel_between_messages_is_not_a_message() -> None:
    reader, _ = association(command(CANCEL) + command(ECHO))
    message = reader.receive()
    assert message is not None
    assert message.command == ECHO


def test_a_cancel_that_came_too_late_does_not_cancel_the_next_operation_of_its_id() -> None:
    """Many requestors give all their requests the same Message ID (PS3.7 Section 9.3.2.3)."""
    find = dimse.request(CommandField.C_FIND, 2, data_set=False)
    reader, _ = association(command(CANCEL) + command(find) + command(CANCEL))
    assert reader.receive() is not None
    assert reader._canceled == set()
    assert reader.canceled(2)


def test_a_cancel_before_the_response_to_a_request_of_ours_counts() -> None:
    """As in a C-GET, between a C-STORE and its response."""
    stored = dimse.response(STORE, 0)
    reader, _ = association(command(CANCEL) + command(stored))
    assert reader.receive() is not None
    assert reader.canceled(2)


def read_all(reader: Association) -> Iterator[int]:
    while (message := reader.receive()) is not None:
        yield dimse.number(message.command, Element.COMMAND_FIELD)
        yield sum(len(fragment) for fragment in reader.fragments())


@pytest.mark.parametrize(
    "received",
    [
        command(STORE) + command(ECHO),  # a command where the data set should come
        command(STORE) + data(b"ab", context_id=3),  # the data set in another context
        command(STORE) + RELEASE_RQ,  # release in the middle of a message
        data(b"ab"),  # a data set without a command
        command(ECHO, context_id=5),  # a context that was not accepted
        b"\x04\0\0\0\x03\xea" + bytes(1002),  # longer than announced
        (b"\x04\0\0\0\0\x06" + b"\0\0\0\x02\x01\x01") * 20_000,  # a command of fragments without content
        command(STORE) + (b"\x04\0\0\0\0\x06" + b"\0\0\0\x02\x01\0") * 2_000,  # a data set of such
        b"\x01\0\0\0\0\x04" + bytes(4),  # a second association request
        b"\x09\0\0\0\0\x04" + bytes(4),  # no PDU type
    ],
)
def test_what_breaks_the_protocol_is_a_violation(received: bytes) -> None:
    reader, _ = association(received)
    with pytest.raises(ProtocolViolation):
        list(read_all(reader))


@given(
    st.lists(
        st.one_of(
            st.just(command(ECHO)),
            st.just(command(STORE)),
            st.just(command(CANCEL)),
            st.binary(max_size=50).map(lambda value: data(value + value)),
            st.binary(max_size=40),
            st.binary(max_size=40).map(lambda body: struct.pack(">BxI", 4, len(body)) + body),
            st.just(RELEASE_RQ),
        ),
        max_size=12,
    )
)
def test_anything_is_read_to_an_end(pieces: list[bytes]) -> None:
    reader, stream = association(b"".join(pieces))
    try:
        list(read_all(reader))
    except WireError:
        reader.abort()
        assert stream.closed
