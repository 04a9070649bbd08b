"""The reader of an association and the codecs below it: what holds for all that a peer can send."""

import itertools
import struct
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing import dimse
from routing.associate import decode_accept, decode_request, encode_accept, encode_request
from routing.association import Association, Timing
from routing.dimse import Element
from routing.errors import WireError
from routing.negotiation import (
    AssociateAccept,
    AssociateRequest,
    ContextAnswer,
    ContextResult,
    ProposedContext,
    Roles,
    UserInformation,
)
from routing.pdu import RELEASE_RQ, AbortSource, ProtocolViolation, encode_abort, p_data
from tests.fuzz.association import CONTEXTS, WAYS, open_association, read_messages
from tests.fuzz.seeds import commands
from tests.routing.memory import Memory

MEBIBYTE = 1 << 20
COMMANDS = list(commands())

pdus = st.one_of(
    st.sampled_from(COMMANDS).map(lambda command: p_data(1, command, is_command=True, fragment=40)),
    st.binary(max_size=50).map(lambda value: p_data(1, value + value, is_command=False, fragment=30)),
    st.binary(max_size=40).map(lambda body: struct.pack(">BxI", 4, len(body)) + body),
    st.sampled_from([RELEASE_RQ, encode_abort(AbortSource.SERVICE_USER)]),
    st.binary(max_size=40),
)
received = st.lists(pdus, max_size=12).map(b"".join)


@given(received, st.integers(0, len(WAYS) - 1), st.integers(0, 255))
def test_whatever_comes_ends_in_messages_or_a_reason(data: bytes, way: int, piece: int) -> None:
    read_messages(bytes([way, piece]) + data)


@given(received, st.integers(1, 50))
def test_it_does_not_matter_in_what_pieces_the_bytes_come(data: bytes, piece: int) -> None:
    assert list(everything(data, piece)) == list(everything(data, len(data) + 1))


def everything(data: bytes, piece: int) -> Iterator[object]:
    association, _ = open_association(data, piece=piece)
    try:
        while (message := association.receive()) is not None:
            yield message
            yield b"".join(bytes(fragment) for fragment in association.fragments())
    except WireError as error:
        yield type(error), str(error)


class Endless(Memory):
    """A peer that repeats itself for ever."""

    def __init__(self, first: bytes, repeated: bytes) -> None:
        super().__init__(first)
        self._repeated = itertools.repeat(repeated)

    def read_exactly(self, view: memoryview, seconds: float) -> None:
        while len(self.received) < len(view):
            self.received = memoryview(bytes(self.received) + next(self._repeated) * 64)
        super().read_exactly(view, seconds)


STORE = p_data(1, COMMANDS[0], is_command=True, fragment=400)


@pytest.mark.parametrize("fragment", [0, 200, 1000])
@pytest.mark.parametrize("is_command", [True, False], ids=["command", "data set"])
def test_a_message_without_an_end_takes_no_more_than_the_limits(is_command: bool, fragment: int) -> None:
    pdu = struct.pack(">BxIIBB", 4, fragment + 6, fragment + 2, 1, int(is_command)) + bytes(fragment)
    stream = Endless(b"" if is_command else STORE, pdu)
    association = Association(stream, contexts=CONTEXTS, own_max_pdu=2000, peer_max_pdu=0, timing=Timing())
    if not is_command:
        association.receive()
    read = association.receive if is_command else association.identifier
    tracemalloc.start()
    try:
        with pytest.raises(ProtocolViolation):
            read()
        assert tracemalloc.get_traced_memory()[1] < 16 * MEBIBYTE
    finally:
        tracemalloc.stop()


uids = st.from_regex(r"[0-9]{1,4}(\.[0-9]{1,6}){0,6}", fullmatch=True)
names = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=16)
titles = st.binary(min_size=16, max_size=16)
users = st.builds(
    UserInformation,
    max_pdu=st.integers(0, (1 << 32) - 1),
    implementation_class_uid=uids,
    implementation_version_name=names,
    operations_window=st.none() | st.tuples(st.integers(0, 65_535), st.integers(0, 65_535)),
    roles=st.dictionaries(uids, st.builds(Roles, scu=st.booleans(), scp=st.booleans()), max_size=4),
    extended=st.dictionaries(uids, st.binary(max_size=20), max_size=4),
)
context_ids = st.integers(0, 127).map(lambda number: 2 * number + 1)
requests = st.builds(
    AssociateRequest,
    called_ae_title=titles,
    calling_ae_title=titles,
    contexts=st.lists(
        st.builds(
            ProposedContext,
            context_id=context_ids,
            abstract_syntax=uids,
            transfer_syntaxes=st.lists(uids, max_size=4).map(tuple),
        ),
        min_size=1,
        max_size=20,
        unique_by=lambda context: context.context_id,
    ).map(tuple),
    user=users,
    application_context=uids,
    protocol_version=st.integers(0, 65_535),
)
accepts = st.builds(
    AssociateAccept,
    called_ae_title=titles,
    calling_ae_title=titles,
    contexts=st.lists(
        st.builds(ContextAnswer, context_id=context_ids, result=st.sampled_from(ContextResult), transfer_syntax=uids),
        max_size=20,
    ).map(tuple),
    user=users,
    application_context=uids,
)


@given(requests)
def test_any_request_comes_out_as_it_went_in(request_: AssociateRequest) -> None:
    assert decode_request(encode_request(request_)[6:]) == request_


@given(accepts)
def test_any_accept_comes_out_as_it_went_in(accept: AssociateAccept) -> None:
    assert decode_accept(encode_accept(accept)[6:]) == accept


NUMBERS = [
    element for element in Element if element not in dimse._UIDS | dimse._TEXTS and element != Element.OFFENDING_ELEMENT
]
TEXTS = sorted(dimse._TEXTS - {Element.ATTRIBUTE_IDENTIFIER_LIST})
tags = st.lists(st.integers(0, 0xFFFF_FFFF).map("{:08X}".format), min_size=1, max_size=5).map("\\".join)
command_sets = st.builds(
    lambda field, numbers, texts, of_tags: {**numbers, **texts, **of_tags, Element.COMMAND_FIELD: field},
    st.integers(0, 65_535),
    st.dictionaries(st.sampled_from(NUMBERS), st.integers(0, 65_535)),
    st.dictionaries(st.sampled_from(TEXTS), uids),
    st.dictionaries(st.just(Element.ATTRIBUTE_IDENTIFIER_LIST), tags),
)


@given(command_sets)
def test_any_command_set_comes_out_as_it_went_in(command: dimse.Command) -> None:
    assert dimse.decode_command(dimse.encode_command(command)) == command
