"""Bytes that are no DICOM, or not the DICOM that was agreed on; afterwards the listener serves on."""

import socket
import struct
from collections.abc import Callable, Iterator
from time import monotonic

import pytest

from tests.scp.running import Node
from tests.scp.samples import CT_IMAGE_STORAGE, ct_image, encode
from tests.scp.wire import EXPLICIT, IMPLICIT, VERIFICATION, Wire, echo_rq, store_rq
from tests.waiting import wait_until

CONTEXTS = {1: (VERIFICATION, (IMPLICIT,)), 3: (CT_IMAGE_STORAGE, (EXPLICIT,))}


@pytest.fixture
def wire(node: Node) -> Iterator[Wire]:
    opened = Wire(node.connect())
    yield opened
    opened.close()
    after = Wire(node.connect())
    after.associate(CONTEXTS)
    after.command(1, echo_rq())
    assert after.status() == 0
    after.close()
    wait_until(lambda: not node.files(), what="no file left")


def aborted(wire: Wire) -> tuple[int, int]:
    kind, body = wire.pdu()
    assert kind == 7
    assert wire.at_end()
    return body[2], body[3]


def p_data(*pdvs: bytes) -> bytes:
    body = b"".join(pdvs)
    return struct.pack(">BxI", 4, len(body)) + body


def pdv(context_id: int, control: int, fragment: bytes, length: int | None = None) -> bytes:
    return struct.pack(">IBB", len(fragment) + 2 if length is None else length, context_id, control) + fragment


def test_a_huge_pdu_before_the_association_is_aborted_at_once(wire: Wire) -> None:
    wire.send(struct.pack(">BxI", 1, 0xFFFFFFFF))
    assert aborted(wire) == (2, 6)


@pytest.mark.parametrize(
    "start", [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"SSH-2.0-x\r\n"]
)
def test_another_protocol_is_aborted_at_once(wire: Wire, start: bytes) -> None:
    begun = monotonic()
    wire.send(start)
    assert aborted(wire) == (2, 1)
    assert monotonic() - begun < 1


def test_p_data_before_the_association_is_unexpected(wire: Wire) -> None:
    wire.send(p_data(pdv(1, 3, b"")))
    assert aborted(wire) == (2, 2)


def test_a_silent_connection_is_closed_at_artim(wire: Wire) -> None:
    begun = monotonic()
    assert wire.at_end()
    assert 1.5 < monotonic() - begun < 4


def test_a_request_in_single_bytes_is_closed_at_artim(wire: Wire) -> None:
    begun = monotonic()
    wire.socket.settimeout(0.3)
    try:
        for byte in struct.pack(">BxI", 1, 200) + bytes(200):
            wire.send(bytes([byte]))
            try:
                assert wire.socket.recv(100) == b""
            except TimeoutError:
                continue
            break
    except ConnectionError:
        pass
    assert monotonic() - begun < 4


def test_items_longer_than_the_request_are_aborted(wire: Wire) -> None:
    body = struct.pack(">HH16s16s32x", 1, 0, b"ISOCENTER".ljust(16), b"MODALITY1".ljust(16)) + b"\x10\0\xff\xff1.2"
    wire.send(struct.pack(">BxI", 1, len(body)) + body)
    assert aborted(wire) == (2, 6)


@pytest.mark.parametrize("ids", [range(2, 6), range(1, 260)])
def test_even_or_too_many_context_ids_are_aborted(wire: Wire, ids: range) -> None:
    wire.request({number % 256: (VERIFICATION, (IMPLICIT,)) for number in ids})
    assert aborted(wire) == (2, 6)


def test_a_pdu_longer_than_announced_is_aborted(wire: Wire) -> None:
    accept = wire.associate(CONTEXTS)
    wire.send(struct.pack(">BxI", 4, accept.user.max_pdu + 2))
    assert aborted(wire) == (2, 6)


@pytest.mark.parametrize("length", [0, 1, 7, 0xFFFFFFF0])
def test_an_impossible_pdv_length_is_aborted(wire: Wire, length: int) -> None:
    wire.associate(CONTEXTS)
    wire.send(p_data(pdv(1, 3, bytes(20), length=length)))
    assert aborted(wire) == (2, 6)


def test_a_context_that_was_not_accepted_is_aborted(wire: Wire) -> None:
    wire.associate(CONTEXTS)
    wire.command(5, echo_rq())
    assert aborted(wire) == (2, 6)


def test_a_command_set_of_garbage_is_aborted(wire: Wire) -> None:
    wire.associate(CONTEXTS)
    wire.send(p_data(pdv(1, 3, b"\x08\0\x18\0" + bytes(20))))
    assert aborted(wire) == (2, 6)


def test_an_endless_command_set_is_aborted(wire: Wire) -> None:
    wire.associate(CONTEXTS)
    for _ in range(20):
        try:
            wire.send(p_data(pdv(1, 1, bytes(8000))))
        except ConnectionError:
            break
    assert aborted(wire) == (2, 6)


def test_an_unknown_command_field_is_answered_as_unrecognized(wire: Wire) -> None:
    wire.associate(CONTEXTS)
    wire.command(1, {**echo_rq(), 0x0100: 0x0777})
    assert wire.status() == 0x0211


def test_a_peer_that_aborts_in_the_middle_of_an_object_leaves_nothing(wire: Wire, node: Node) -> None:
    wire.associate(CONTEXTS)
    wire.command(3, store_rq(CT_IMAGE_STORAGE, "1.2.3"))
    wire.send(p_data(pdv(3, 0, bytes(8000))))
    wait_until(node.files)
    wire.send(struct.pack(">BxIxxBB", 7, 4, 0, 0))
    assert wire.at_end()


def test_a_peer_that_vanishes_in_the_middle_of_an_object_leaves_nothing(wire: Wire, node: Node) -> None:
    wire.associate(CONTEXTS)
    wire.command(3, store_rq(CT_IMAGE_STORAGE, "1.2.3"))
    wire.send(p_data(pdv(3, 0, bytes(8000))))
    wait_until(node.files)
    wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    wire.close()


def test_an_object_that_never_ends_is_aborted_at_the_limit(make_node: Callable[..., Node]) -> None:
    node = make_node(max_object_bytes=100_000)
    wire = Wire(node.connect())
    wire.associate(CONTEXTS)
    wire.command(3, store_rq(CT_IMAGE_STORAGE, "1.2.3"))
    for _ in range(20):
        try:
            wire.send(p_data(pdv(3, 0, bytes(8000))))
        except ConnectionError:
            break
    assert aborted(wire) == (2, 6)
    wait_until(lambda: not node.files(), what="no file left")
    wire.close()


def test_a_refused_object_is_read_to_its_end_and_the_association_stays(wire: Wire, node: Node) -> None:
    wire.associate(CONTEXTS)
    wire.command(3, store_rq(CT_IMAGE_STORAGE, "../../etc/passwd"))
    wire.data(3, bytes(200_000))
    assert wire.status() == 0x0117
    dataset = ct_image()
    wire.command(3, store_rq(CT_IMAGE_STORAGE, dataset.SOPInstanceUID, 2))
    wire.data(3, encode(dataset))
    assert wire.status() == 0
    for file in node.files():
        file.unlink()
