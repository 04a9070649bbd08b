"""A Storage SCP that costs nothing: of a data set it reads where it ends, and lets the kernel throw the rest away."""

import multiprocessing
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from typing import Final

from routing.associate import decode_request, encode_accept
from routing.negotiation import AssociateAccept, AssociateRequest, ContextAnswer, ContextResult, UserInformation
from tests.acceptance.peers.raw import A_RELEASE_RQ, P_DATA_TF, p_data, pdu
from tests.benchmarks.client import command_set

LARGEST_PDU: Final = 131_072
TITLE: Final = "SINK"
_RELEASE_RP: Final = pdu(6, bytes(4))
_C_STORE_RSP: Final = 0x8001
_COMMAND_FIELD: Final = struct.pack("<HHI", 0, 0x0100, 2)
_MESSAGE_ID: Final = struct.pack("<HHI", 0, 0x0110, 2)
_NO_DATA_SET: Final = struct.pack("<HHIH", 0, 0x0800, 2, 0x0101)
_LAST: Final = 2
_PATIENCE_SECONDS: Final = 120
# PDU header and PDV length: as much as the shortest PDU has, an A-RELEASE-RQ.
_START: Final = struct.Struct(">BxII")
_DATA_START: Final = struct.Struct(">BxIIBB")


class Wire:
    """DIMSE messages of an established association, without their data sets."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # The kernel's own time limit: Python's would ask `poll` before each call.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", _PATIENCE_SECONDS, 0))
        self._scrap = bytearray(LARGEST_PDU)
        self._context_id = 0

    def read(self, count: int) -> bytes:
        """Read exactly `count` bytes."""
        found = self.socket.recv(count, socket.MSG_WAITALL)
        if len(found) < count:
            raise ConnectionError("the peer closed the connection")
        return found

    def command(self) -> bytes | None:
        """Return the next command set, when its data set is here too; None after a release."""
        kind, _, length = _START.unpack(self.read(_START.size))
        if kind == A_RELEASE_RQ:
            self.socket.sendall(_RELEASE_RP)
            return None
        if kind != P_DATA_TF:
            raise SystemExit(f"a PDU of type {kind} came instead of a command")
        value = self.read(length)
        self._context_id = value[0]
        if _NO_DATA_SET not in value:
            self._discard_data_set()
        return value[2:]

    def _discard_data_set(self) -> None:
        control = 0
        while not control & _LAST:
            _, _, length, _, control = _DATA_START.unpack(self.read(_DATA_START.size))
            left = length - 2
            while left:
                # The kernel copies nothing, so that this takes no time of the core that the sender may need.
                dropped = self.socket.recv_into(self._scrap, left, socket.MSG_TRUNC | socket.MSG_WAITALL)
                if not dropped:
                    raise ConnectionError("the peer closed the connection")
                left -= dropped

    def accept(self, store_rq: bytes, sop_class_uid: str) -> None:
        """Answer a C-STORE-RQ with success."""
        message_id = value_of(store_rq, _MESSAGE_ID)
        numbers = ((0x0100, _C_STORE_RSP), (0x0120, message_id), (0x0800, 0x0101), (0x0900, 0))
        self.socket.sendall(p_data(self._context_id, 3, command_set(sop_class_uid, numbers)))


def value_of(command: bytes, element: bytes) -> int:
    """Return the 16 bit number behind an element's header."""
    return int(struct.unpack_from("<H", command, command.index(element) + len(element))[0])


def is_request(command: bytes) -> bool:
    """Tell a C-STORE-RQ from the responses that come between two of them."""
    return value_of(command, _COMMAND_FIELD) < _C_STORE_RSP


@contextmanager
def sink(sop_class_uid: str) -> Iterator[tuple[int, Connection]]:
    """Run the SCP in a process; gives its port, and where the moments of the objects of each association come out."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        process = context.Process(target=_serve, args=(listening, theirs, sop_class_uid), daemon=True)
        process.start()
        theirs.close()
        try:
            yield listening.getsockname()[1], ours
        finally:
            process.terminate()
            process.join()


def _serve(listening: socket.socket, report: Connection, sop_class_uid: str) -> None:
    while True:
        connection, _ = listening.accept()
        with connection, suppress(ConnectionError):
            wire = Wire(connection)
            _, length = struct.unpack(">BxI", wire.read(6))
            connection.sendall(encode_accept(_accept_all(decode_request(wire.read(length)))))
            moments = []
            while (command := wire.command()) is not None:
                moments.append(time.perf_counter())
                wire.accept(command, sop_class_uid)
            report.send(moments)


def _accept_all(request: AssociateRequest) -> AssociateAccept:
    return AssociateAccept(
        called_ae_title=request.called_ae_title,
        calling_ae_title=request.calling_ae_title,
        contexts=tuple(
            ContextAnswer(
                context_id=context.context_id,
                result=ContextResult.ACCEPTED,
                transfer_syntax=context.transfer_syntaxes[0],
            )
            for context in request.contexts
        ),
        user=UserInformation(max_pdu=LARGEST_PDU),
    )
