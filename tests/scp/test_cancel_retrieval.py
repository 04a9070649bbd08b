"""C-CANCEL of C-MOVE and C-GET: at once, whatever the destination is doing (PS3.4 Section C.4.2.3)."""

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pydicom import Dataset
from pynetdicom import AE, evt

from routing import dimse
from routing.associate import decode_request, encode_accept
from routing.dimse import CommandField, Element
from routing.negotiation import AssociateAccept, ContextAnswer, ContextResult, UserInformation
from tests.accepted import served
from tests.scp.retrieving import CANCEL, counts, failed_list, final, get, identifier, keep, move, peer, series_of
from tests.scp.running import Node
from tests.scp.samples import CT_IMAGE_STORAGE
from tests.waiting import wait_until

COUNT = 5
# What a test gives the node to notice a cancel; each destination here would keep it for much longer.
PROMPTLY_SECONDS = 10.0


@pytest.fixture
def study(node: Node) -> list[Dataset]:
    # Larger than what the sockets on the way can hold.
    images = series_of(COUNT, PixelData=bytes(8 << 20), Rows=2048, Columns=2048)
    keep(node, *images)
    return images


class SlowScp:
    """A destination that keeps each object for as long as the test wants."""

    def __init__(self) -> None:
        self.received: list[str] = []
        self.go_on = threading.Event()

    def store(self, event: evt.Event) -> int:
        request: Any = event.request
        self.received.append(str(request.AffectedSOPInstanceUID))
        self.go_on.wait(30)
        return 0

    @contextmanager
    def listening(self, node: Node, **seconds: float) -> Iterator[None]:
        ae = AE(ae_title="PACS1")
        ae.add_supported_context(CT_IMAGE_STORAGE)
        with served(ae, [(evt.EVT_C_STORE, self.store)]) as port:
            node.destinations.peers["PACS1"] = peer("PACS1", port, **seconds)
            try:
                yield
            finally:
                self.go_on.set()


def test_b43_a_move_to_a_destination_that_takes_its_time_is_canceled_at_once(node: Node, study: list[Dataset]) -> None:
    slow = SlowScp()
    with slow.listening(node):
        wire = move(node, identifier(study=study[0].StudyInstanceUID))
        wait_until(lambda: slow.received, what="the first object at the destination")
        begun = time.monotonic()
        wire.command(1, CANCEL)
        command, data_set = final(wire)
        assert time.monotonic() - begun < PROMPTLY_SECONDS
    # Of the object that was under way nobody knows: it counts as failed, and is listed.
    assert counts(command) == (0xFE00, 0, 1, 0)
    assert failed_list(data_set) == set(slow.received[:1])
    assert dimse.number(command, Element.REMAINING) == COUNT - 1
    assert len(slow.received) == 1


def test_an_object_that_arrives_during_the_cancel_counts_as_sent(
    node: Node, study: list[Dataset], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scp.move._LAST_OBJECT_SECONDS", 20.0)
    slow = SlowScp()
    with slow.listening(node):
        wire = move(node, identifier(study=study[0].StudyInstanceUID))
        wait_until(lambda: slow.received, what="the first object at the destination")
        wire.command(1, CANCEL)
        slow.go_on.set()
        command, data_set = final(wire)
    status, completed, failed, warning = counts(command)
    assert (status, failed, warning) == (0xFE00, 0, 0)
    assert completed == len(slow.received)
    assert dimse.number(command, Element.REMAINING) == COUNT - completed > 0
    assert failed_list(data_set) == set()


@contextmanager
def _silent(node: Node, *, accepts: bool, **seconds: float) -> Iterator[None]:
    """Be a destination that answers nothing, or accepts an association and then reads nothing of it."""
    taken: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def run() -> None:
            connection, _ = listening.accept()
            taken.append(connection)
            if accepts:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                _, length = struct.unpack(">BxI", connection.recv(6, socket.MSG_WAITALL))
                connection.sendall(_acceptance(connection.recv(length, socket.MSG_WAITALL)))

        thread = threading.Thread(target=run)
        thread.start()
        node.destinations.peers["PACS1"] = peer("PACS1", listening.getsockname()[1], **seconds)
        try:
            yield
        finally:
            thread.join(10)
            for connection in taken:
                connection.close()


def _acceptance(body: bytes) -> bytes:
    request = decode_request(body)
    answers = tuple(
        ContextAnswer(
            context_id=one.context_id, result=ContextResult.ACCEPTED, transfer_syntax=one.transfer_syntaxes[0]
        )
        for one in request.contexts
    )
    return encode_accept(
        AssociateAccept(
            called_ae_title=request.called_ae_title,
            calling_ae_title=request.calling_ae_title,
            contexts=answers,
            user=UserInformation(max_pdu=0),
        )
    )


@pytest.mark.parametrize("accepts", [False, True], ids=["no answer to the association", "nothing is read"])
def test_b43_a_move_to_a_destination_that_does_not_answer_is_canceled_at_once(
    node: Node, study: list[Dataset], accepts: bool
) -> None:
    with _silent(node, accepts=accepts):
        wire = move(node, identifier(study=study[0].StudyInstanceUID))
        first, _ = wire.answer()
        assert dimse.number(first, Element.REMAINING) == COUNT
        begun = time.monotonic()
        wire.command(1, CANCEL)
        command, data_set = final(wire)
        assert time.monotonic() - begun < PROMPTLY_SECONDS
    status, completed, failed, warning = counts(command)
    assert (status, completed, warning) == (0xFE00, 0, 0)
    assert dimse.number(command, Element.REMAINING) + failed == COUNT
    assert len(failed_list(data_set)) == failed


def test_b44_a_destination_that_does_not_answer_is_given_up_and_all_is_listed(node: Node, study: list[Dataset]) -> None:
    with _silent(node, accepts=False, connect_seconds=0.3):
        command, data_set = final(move(node, identifier(study=study[0].StudyInstanceUID)))
    assert counts(command) == (0xA702, 0, COUNT, 0)
    assert failed_list(data_set) == {str(one.SOPInstanceUID) for one in study}


def test_b44_a_destination_that_keeps_an_object_for_too_long_is_given_up(node: Node, study: list[Dataset]) -> None:
    slow = SlowScp()
    with slow.listening(node, response_seconds=0.3):
        command, data_set = final(move(node, identifier(study=study[0].StudyInstanceUID)))
        assert len(slow.received) == 1
    assert counts(command) == (0xA702, 0, COUNT, 0)
    assert failed_list(data_set) == {str(one.SOPInstanceUID) for one in study}


def test_the_association_serves_on_after_a_cancel(node: Node, study: list[Dataset]) -> None:
    with _silent(node, accepts=False):
        wire = move(node, identifier(study=study[0].StudyInstanceUID))
        wire.command(1, CANCEL)
        while counts(wire.answer()[0])[0] == 0xFF00:
            pass
        request = dimse.request(CommandField.C_MOVE, 6, data_set=True)
        wire.command(1, {**request, 0x0002: "1.2.840.10008.5.1.4.1.2.2.2", 0x0600: "NOBODY"})
        wire.data(1, identifier(study=study[0].StudyInstanceUID))
        assert counts(final(wire)[0])[0] == 0xA801


def test_a_requestor_that_leaves_ends_its_move(node: Node, study: list[Dataset]) -> None:
    slow = SlowScp()
    with slow.listening(node):
        wire = move(node, identifier(study=study[0].StudyInstanceUID))
        wait_until(lambda: slow.received, what="the first object at the destination")
        wire.close()
        wait_until(lambda: "move" not in {thread.name for thread in threading.enumerate()}, what="the end of the move")
    assert len(slow.received) == 1


def test_b43_a_cancel_between_two_objects_ends_a_get(node: Node, study: list[Dataset]) -> None:
    wire = get(node, identifier(study=study[0].StudyInstanceUID))
    request, data_set = wire.answer()
    assert dimse.number(request, Element.COMMAND_FIELD) == CommandField.C_STORE
    assert data_set
    wire.command(1, CANCEL)
    wire.command(3, dimse.response(request, 0))
    command, data_set = final(wire)
    assert counts(command) == (0xFE00, 1, 0, 0)
    assert dimse.number(command, Element.REMAINING) == COUNT - 1
    assert failed_list(data_set) == set()
