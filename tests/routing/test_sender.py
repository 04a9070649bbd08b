"""Sending objects: to pynetdicom's SCP, byte for byte, and to peers that fail in every way."""

import os
import socket
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset
from pynetdicom import AllStoragePresentationContexts, evt

from routing.associate import decode_request, encode_accept
from routing.delivery import Delivery, deliver
from routing.negotiation import AssociateAccept, ContextAnswer, ContextResult, UserInformation
from routing.proposal import batches
from routing.sender import Originator
from tests.routing.peers import CT, EXPLICIT, IMPLICIT, JPEG, Files, one_connection, peer, scp
from tests.scp.samples import ct_image, encode
from tests.waiting import free_port

RLE, JPEG_LS, JPEG_2000 = "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.90"


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def elements(size: int) -> bytes:
    """A data set of one private element; `size` bytes in all."""
    return struct.pack("<HH2sHI", 0x0009, 0x1001, b"OB", 0, size - 12) + os.urandom(size - 12)


class Received:
    """Handlers that keep what arrives."""

    def __init__(self, status: int = 0) -> None:
        self.data: list[bytes] = []
        self.requests: list[Any] = []
        self.associations = 0
        self.handlers = [(evt.EVT_C_STORE, self._store), (evt.EVT_ACCEPTED, self._accepted)]
        self._status = status

    def _store(self, event: evt.Event) -> int:
        request: Any = event.request
        self.data.append(request.DataSet.getvalue())
        self.requests.append(request)
        return self._status

    def _accepted(self, _: evt.Event) -> None:
        self.associations += 1


@pytest.mark.parametrize("max_pdu", [0, 4096, 16382])
@pytest.mark.parametrize("size", [14, 5000, 16370, 1_048_000, 3_000_002])
def test_the_stored_bytes_are_sent_whatever_the_pdu_size(files: Files, size: int, max_pdu: int) -> None:
    data_set = elements(size)
    instances = [files.add(data_set), files.add(data_set[::-1])]
    received = Received()
    with scp({CT: [EXPLICIT]}, received.handlers, maximum_pdu_size=max_pdu) as destination:
        outcomes = list(deliver(destination, instances, files))
    assert [outcome.stored for outcome in outcomes] == [True, True]
    assert received.data == [data_set, data_set[::-1]]
    assert received.associations == 1


def test_a_data_set_of_odd_length_ends_with_a_nul(files: Files) -> None:
    # The fragment before leaves other bytes where the NUL belongs.
    data_sets = [elements(40_000), elements(5_001)]
    received = Received()
    with scp({CT: [EXPLICIT]}, received.handlers) as destination:
        assert all(outcome.stored for outcome in deliver(destination, map(files.add, data_sets), files))
    assert received.data == [data_sets[0], data_sets[1] + b"\0"]


def test_two_contexts_over_one_association_do_not_mix(files: Files) -> None:
    mr = "1.2.840.10008.5.1.4.1.1.4"
    data_sets = [elements(40_000) for _ in range(4)]
    classes = [CT, mr, CT, mr]
    instances = [files.add(data, sop_class=one) for data, one in zip(data_sets, classes, strict=True)]
    received = Received()
    with scp({CT: [EXPLICIT], mr: [EXPLICIT]}, received.handlers) as destination:
        assert all(outcome.stored for outcome in deliver(destination, instances, files))
    assert received.data == data_sets
    assert [str(request.AffectedSOPClassUID) for request in received.requests] == classes


def test_a_peer_that_takes_only_implicit_gets_it_converted(files: Files) -> None:
    instance = files.add(struct.pack("<HH2sH", 0x0010, 0x0010, b"PN", 4) + b"A^B ")
    received = Received()
    with scp({CT: [IMPLICIT]}, received.handlers) as destination:
        (outcome,) = deliver(destination, [instance], files)
    assert outcome.stored, outcome.reason
    assert received.data == [struct.pack("<HHI", 0x0010, 0x0010, 4) + b"A^B "]


def test_what_cannot_be_converted_fails_and_the_rest_goes(files: Files) -> None:
    bad = files.add(elements(100), syntax=JPEG)
    Path(files.path(bad.key)).write_bytes(b"\0" * 400)
    good = files.add(elements(100))
    received = Received()
    with scp({CT: [EXPLICIT]}, received.handlers) as destination:
        outcomes = list(deliver(destination, [bad, good], files))
    assert [outcome.stored for outcome in outcomes] == [False, True]
    assert outcomes[0].status is None
    assert outcomes[0].reason


def test_a_sop_class_that_the_peer_refuses_fails_with_a_reason(files: Files) -> None:
    instances = [files.add(elements(100)), files.add(elements(100), sop_class="1.2.826.0.1.3680043.9.9")]
    received = Received()
    with scp({CT: [EXPLICIT]}, received.handlers) as destination:
        outcomes = list(deliver(destination, instances, files))
    assert [outcome.reason for outcome in outcomes] == ["", "no presentation context was accepted for it"]


def test_a_file_that_is_gone_fails_and_the_rest_goes(files: Files) -> None:
    gone, there = files.add(elements(100)), files.add(elements(100))
    files.path(gone.key).unlink()
    with scp({CT: [EXPLICIT]}, Received().handlers) as destination:
        outcomes = list(deliver(destination, [gone, there], files))
    assert [outcome.stored for outcome in outcomes] == [False, True]


@pytest.mark.parametrize(
    ("status", "stored", "warned"), [(0, True, False), (0xB000, True, True), (0xA700, False, False)]
)
def test_the_status_decides(files: Files, status: int, stored: bool, warned: bool) -> None:
    with scp({CT: [EXPLICIT]}, Received(status).handlers) as destination:
        (outcome,) = deliver(destination, [files.add(elements(100))], files)
    assert (outcome.status, outcome.stored, outcome.warned) == (status, stored, warned)
    assert outcome.reason == ("" if stored else "refused with status A700H")


def test_the_originator_of_a_move_is_named(files: Files) -> None:
    received = Received()
    with scp({CT: [EXPLICIT]}, received.handlers) as destination:
        originator = Originator(ae_title="WORKSTATION", message_id=99)
        list(Delivery(destination, [files.add(elements(100))], files, originator=originator, priority=1).outcomes())
    (request,) = received.requests
    assert request.MoveOriginatorApplicationEntityTitle == "WORKSTATION"
    assert request.MoveOriginatorMessageID == 99
    assert request.Priority == 1


def test_only_allowed_syntaxes_are_proposed(files: Files) -> None:
    received = Received()
    with scp({CT: [EXPLICIT, IMPLICIT]}, received.handlers) as destination:
        allowed = peer(destination.port, transfer_syntaxes=(IMPLICIT,))
        instance = files.add(struct.pack("<HH2sH", 0x0010, 0x0010, b"PN", 4) + b"A^B ")
        (outcome,) = deliver(allowed, [instance], files)
    assert outcome.stored
    assert received.data[0].startswith(struct.pack("<HHI", 0x0010, 0x0010, 4))


def test_a_peer_that_may_be_sent_nothing_gets_nothing(files: Files) -> None:
    allowed = peer(1, transfer_syntaxes=("1.2.3",))
    (outcome,) = deliver(allowed, [files.add(elements(100))], files)
    assert outcome.reason == "there is nothing that this peer may be sent"


def test_more_contexts_than_an_association_holds_are_split(files: Files) -> None:
    classes = [str(context.abstract_syntax) for context in AllStoragePresentationContexts[:100]]
    instances = [files.add(elements(100), sop_class=one) for one in classes]
    groups = list(batches(instances))
    assert [len(group) for _, group in groups] == [64, 36]
    assert all(len(contexts) <= 128 for contexts, _ in groups)
    received = Received()
    with scp({one: [EXPLICIT] for one in classes}, received.handlers) as destination:
        assert all(outcome.stored for outcome in deliver(destination, instances, files))
    assert received.associations == 2


def test_kinds_that_alternate_take_no_more_associations(files: Files) -> None:
    classes = [str(context.abstract_syntax) for context in AllStoragePresentationContexts[:100]]
    instances = [files.add(elements(100), sop_class=one) for _ in range(3) for one in classes]
    groups = list(batches(instances))
    assert [len(group) for _, group in groups] == [192, 108]
    assert sum(len(contexts) for contexts, _ in groups) == 200


def test_a_refused_group_does_not_keep_the_others_back(files: Files) -> None:
    classes = [str(context.abstract_syntax) for context in AllStoragePresentationContexts[:65]]
    instances = [files.add(elements(100), sop_class=one) for one in classes]
    with scp({classes[-1]: [EXPLICIT]}, Received().handlers) as destination:
        outcomes = list(deliver(destination, instances, files))
    assert [outcome.stored for outcome in outcomes] == [False] * 64 + [True]
    assert outcomes[0].reason.startswith("none of the proposed presentation contexts was accepted")


@pytest.mark.parametrize(
    ("allowed", "accepted", "sent_in"),
    [
        ((), [EXPLICIT, IMPLICIT, RLE], EXPLICIT),
        ((), [RLE, IMPLICIT], IMPLICIT),
        ((RLE, EXPLICIT), [RLE, EXPLICIT], EXPLICIT),
        ((RLE, IMPLICIT), [RLE, IMPLICIT], RLE),
        ((JPEG_LS, RLE), [RLE], RLE),
        ((JPEG_2000, JPEG_LS), [JPEG_2000, JPEG_LS], JPEG_LS),
        ((JPEG_2000, IMPLICIT), [JPEG_2000, IMPLICIT], IMPLICIT),
        ((JPEG_2000,), [JPEG_2000, EXPLICIT], None),
    ],
)
def test_images_are_compressed_only_for_who_asks(
    files: Files, allowed: tuple[str, ...], accepted: list[str], sent_in: str | None
) -> None:
    """The image has 8 rows, and JPEG 2000 cannot hold so few: then the next syntax is taken."""
    image = ct_image()
    instance = replace(files.add(encode(image)), rows=8, columns=8)
    datasets: list[Dataset] = []

    def store(event: evt.Event) -> int:
        found = event.dataset
        found.file_meta = event.file_meta
        datasets.append(found)
        return 0

    with scp({CT: accepted}, [(evt.EVT_C_STORE, store)]) as destination:
        (outcome,) = deliver(replace(destination, transfer_syntaxes=allowed), [instance], files)
    assert [str(one.file_meta.TransferSyntaxUID) for one in datasets] == ([sent_in] if sent_in else [])
    assert outcome.stored == bool(sent_in), outcome.reason
    assert all(np.array_equal(one.pixel_array.tobytes(), image.PixelData) for one in datasets)


def test_what_has_no_pixels_goes_uncompressed_to_who_lists_compressed_syntaxes(files: Files) -> None:
    received = Received()
    with scp({CT: [EXPLICIT, RLE]}, received.handlers) as destination:
        (outcome,) = deliver(replace(destination, transfer_syntaxes=(RLE,)), [files.add(elements(100))], files)
    assert outcome.stored
    assert len(received.data[0]) == 100


def test_an_unreachable_peer_fails_every_object_with_the_reason(files: Files) -> None:
    instances = [files.add(elements(100)) for _ in range(3)]
    outcomes = list(deliver(peer(free_port()), instances, files))
    assert {outcome.reason for outcome in outcomes} == {"no connection: Connection refused"}
    assert [outcome.instance for outcome in outcomes] == instances


def test_a_peer_that_hangs_up_fails_the_rest(files: Files) -> None:
    def accept_and_hang_up(connection: socket.socket) -> None:
        kind, length = struct.unpack(">BxI", connection.recv(6, socket.MSG_WAITALL))
        assert kind == 1
        request = decode_request(connection.recv(length, socket.MSG_WAITALL))
        answers = tuple(
            ContextAnswer(
                context_id=one.context_id, result=ContextResult.ACCEPTED, transfer_syntax=one.transfer_syntaxes[0]
            )
            for one in request.contexts
        )
        accept = AssociateAccept(
            called_ae_title=request.called_ae_title,
            calling_ae_title=request.calling_ae_title,
            contexts=answers,
            user=UserInformation(max_pdu=16384),
        )
        connection.sendall(encode_accept(accept))
        connection.recv(100)

    instances = [files.add(elements(2_000_000)) for _ in range(3)]
    with one_connection(accept_and_hang_up) as destination:
        outcomes = list(deliver(destination, instances, files))
    assert [outcome.stored for outcome in outcomes] == [False] * 3
    assert outcomes[0].reason.startswith(("connection lost", "the peer closed"))


def test_whatever_was_stored_is_sent_unread(files: Files) -> None:
    received = Received()
    with scp({CT: [EXPLICIT]}, received.handlers) as destination:
        (outcome,) = deliver(destination, [files.add(b"\xff" * 100)], files)
    assert outcome.stored
    assert received.data == [b"\xff" * 100]
