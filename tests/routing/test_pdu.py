"""The PDU codec, also against pynetdicom's and against anything at all."""

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pynetdicom.pdu import A_ABORT_RQ, A_ASSOCIATE_RJ, P_DATA_TF

from routing.pdu import (
    AbortReason,
    AbortSource,
    ProtocolViolation,
    encode_abort,
    encode_reject,
    fragment_size,
    p_data,
    split_pdvs,
)


@given(st.binary(max_size=400))
def test_any_p_data_body_is_either_split_or_a_violation(body: bytes) -> None:
    try:
        pdvs = list(split_pdvs(memoryview(body)))
    except ProtocolViolation:
        return
    assert sum(len(pdv.fragment) + 6 for pdv in pdvs) == len(body)


@given(
    st.binary(min_size=1, max_size=500).map(lambda data: data + data),
    st.integers(2, 100).map(lambda size: size * 2),
    st.booleans(),
)
def test_a_message_comes_out_of_its_pdus_again(message: bytes, fragment: int, is_command: bool) -> None:
    encoded, found, last = BytesIO(p_data(7, message, is_command=is_command, fragment=fragment)), b"", []
    while header := encoded.read(6):
        assert header[0] == 4
        body = encoded.read(int.from_bytes(header[2:], "big"))
        assert len(body) <= fragment + 6
        for pdv in split_pdvs(memoryview(body)):
            assert (pdv.context_id, pdv.is_command) == (7, is_command)
            found += bytes(pdv.fragment)
            last.append(pdv.is_last)
    assert found == message
    assert last == [False] * (len(last) - 1) + [True]


def test_pynetdicom_reads_our_p_data() -> None:
    pdu = P_DATA_TF()
    pdu.decode(p_data(3, b"abcdef", is_command=False, fragment=100))
    (item,) = pdu.presentation_data_value_items
    assert (item.context_id, item.presentation_data_value) == (3, b"\x02abcdef")


def test_pynetdicom_reads_our_rejection_and_abort() -> None:
    rejection, abort = A_ASSOCIATE_RJ(), A_ABORT_RQ()
    rejection.decode(encode_reject(1, 1, 7))
    assert (rejection.result, rejection.source, rejection.reason_diagnostic) == (1, 1, 7)
    abort.decode(encode_abort(AbortSource.SERVICE_PROVIDER, AbortReason.INVALID_PARAMETER))
    assert (abort.source, abort.reason_diagnostic) == (2, 6)


def test_a_service_users_abort_has_no_reason() -> None:
    assert encode_abort(AbortSource.SERVICE_USER, AbortReason.UNEXPECTED_PDU)[-2:] == b"\0\0"


@pytest.mark.parametrize(
    ("peer", "own", "size"), [(16384, 262144, 16378), (0, 1000, 994), (999, 10**6, 992), (4, 9, 2)]
)
def test_a_fragment_fits_what_both_sides_take_and_is_even(peer: int, own: int, size: int) -> None:
    assert fragment_size(peer, own) == size
