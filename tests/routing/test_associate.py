"""The A-ASSOCIATE codec: against pynetdicom's PDU classes in both directions, and against anything at all."""

import contextlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.uid import UID
from pynetdicom import build_context
from pynetdicom.pdu import A_ASSOCIATE_AC, A_ASSOCIATE_RQ
from pynetdicom.pdu_primitives import A_ASSOCIATE, MaximumLengthNotification, SCP_SCU_RoleSelectionNegotiation

from routing.associate import decode_accept, decode_request, encode_accept, encode_request
from routing.negotiation import (
    AssociateAccept,
    AssociateRequest,
    ContextAnswer,
    ContextResult,
    ProposedContext,
    Roles,
    UserInformation,
    agreed,
)
from routing.pdu import ProtocolViolation

CT, MR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"
EXPLICIT, IMPLICIT = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"
REQUEST = AssociateRequest(
    called_ae_title=b"ISOCENTER".ljust(16),
    calling_ae_title=b"MODALITY1".ljust(16),
    contexts=(
        ProposedContext(context_id=1, abstract_syntax=CT, transfer_syntaxes=(EXPLICIT, IMPLICIT)),
        ProposedContext(context_id=3, abstract_syntax=MR, transfer_syntaxes=(IMPLICIT,)),
    ),
    user=UserInformation(
        max_pdu=131072, operations_window=(1, 1), roles={CT: Roles(scu=True, scp=True)}, extended={CT: b"\x01\x00"}
    ),
)
ACCEPT = AssociateAccept(
    called_ae_title=REQUEST.called_ae_title,
    calling_ae_title=REQUEST.calling_ae_title,
    contexts=(
        ContextAnswer(context_id=1, result=ContextResult.ACCEPTED, transfer_syntax=IMPLICIT),
        ContextAnswer(context_id=3, result=ContextResult.TRANSFER_SYNTAXES_NOT_SUPPORTED, transfer_syntax=IMPLICIT),
    ),
    user=UserInformation(max_pdu=16384, roles={CT: Roles(scu=False, scp=True)}),
)


def test_a_request_comes_out_as_it_went_in() -> None:
    assert decode_request(encode_request(REQUEST)[6:]) == REQUEST


def test_an_accept_comes_out_as_it_went_in() -> None:
    assert decode_accept(encode_accept(ACCEPT)[6:]) == ACCEPT


def test_pynetdicom_reads_our_request() -> None:
    pdu = A_ASSOCIATE_RQ()
    pdu.decode(encode_request(REQUEST))
    assert (pdu.called_ae_title, pdu.calling_ae_title) == ("ISOCENTER", "MODALITY1")
    first = pdu.presentation_context[0]
    assert (first.context_id, first.abstract_syntax, first.transfer_syntax) == (1, CT, [EXPLICIT, IMPLICIT])
    user = pdu.user_information
    assert user is not None
    assert user.maximum_length == 131072
    role = user.role_selection[UID(CT)]
    assert (role.scu_role, role.scp_role) == (True, True)
    assert pdu.encode() == encode_request(REQUEST)


def test_pynetdicom_reads_our_accept() -> None:
    pdu = A_ASSOCIATE_AC()
    pdu.decode(encode_accept(ACCEPT))
    assert [(one.context_id, one.result) for one in pdu.presentation_context] == [(1, 0), (3, 4)]
    assert pdu.presentation_context[0].transfer_syntax == IMPLICIT


def test_we_read_pynetdicoms_request() -> None:
    primitive = A_ASSOCIATE()
    primitive.application_context_name = "1.2.840.10008.3.1.1.1"
    primitive.called_ae_title, primitive.calling_ae_title = "ISOCENTER", "MODALITY1"
    context = build_context(CT, [EXPLICIT])
    context.context_id = 5
    primitive.presentation_context_definition_list = [context]
    length, role = MaximumLengthNotification(), SCP_SCU_RoleSelectionNegotiation()
    length.maximum_length_received = 4096
    role.sop_class_uid, role.scu_role, role.scp_role = CT, False, True
    primitive.user_information = [length, role]
    pdu = A_ASSOCIATE_RQ()
    pdu.from_primitive(primitive)
    request = decode_request(pdu.encode()[6:])
    assert request.contexts == (ProposedContext(context_id=5, abstract_syntax=CT, transfer_syntaxes=(EXPLICIT,)),)
    assert request.user.max_pdu == 4096
    assert request.user.roles == {CT: Roles(scu=False, scp=True)}


def test_items_that_are_not_known_are_skipped() -> None:
    encoded = encode_request(REQUEST)[6:]
    assert decode_request(encoded + b"\x77\0\0\x02ab") == REQUEST


@pytest.mark.parametrize("cut", [10, 67, 75, 120])
def test_a_request_that_is_cut_off_is_a_violation(cut: int) -> None:
    with pytest.raises(ProtocolViolation):
        decode_request(encode_request(REQUEST)[6:][:cut])


def test_a_request_without_contexts_is_a_violation() -> None:
    with pytest.raises(ProtocolViolation, match="at least"):
        decode_request(encode_request(replace(REQUEST, contexts=()))[6:])


def test_bytes_outside_ascii_are_neither_matched_nor_sent_back() -> None:
    request = decode_request(encode_request(REQUEST)[6:].replace(b"5.1.4", b"5.\xc4.4"))
    assert request.contexts[0].abstract_syntax == "1.2.840.10008.5.?.4.1.1.2"
    assert decode_request(encode_request(request)[6:]) == request


@given(st.binary(max_size=300))
def test_any_items_are_either_read_or_a_violation(items: bytes) -> None:
    body = encode_request(REQUEST)[6:74] + items
    for decode in (decode_request, decode_accept):
        with contextlib.suppress(ProtocolViolation):
            decode(body)


@given(st.integers(0, len(encode_request(REQUEST)) - 7), st.integers(0, 255))
def test_a_request_with_one_wrong_byte_is_either_read_or_a_violation(at: int, byte: int) -> None:
    body = bytearray(encode_request(REQUEST)[6:])
    body[at] = byte
    with contextlib.suppress(ProtocolViolation):
        decode_request(bytes(body))


def test_only_accepted_contexts_with_a_proposed_syntax_may_be_used() -> None:
    contexts = agreed(REQUEST, ACCEPT)
    assert list(contexts) == [1]
    assert (contexts[1].transfer_syntax, contexts[1].requestor_scu, contexts[1].requestor_scp) == (
        IMPLICIT,
        False,
        True,
    )
    foreign = ContextAnswer(context_id=3, result=ContextResult.ACCEPTED, transfer_syntax="1.2.3")
    answered = AssociateAccept(
        called_ae_title=b"", calling_ae_title=b"", contexts=(foreign,), user=UserInformation(max_pdu=0)
    )
    assert agreed(REQUEST, answered) == {}
