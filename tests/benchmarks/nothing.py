"""A receiver that keeps nothing and answers at once: what the client could send if receivers cost no time."""

import multiprocessing
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager

from tests.acceptance.peers.raw import A_ASSOCIATE_AC, A_RELEASE_RQ, P_DATA_TF, associate_rq, pdu

_HEADER = 6
_LAST_OF_DATA_SET = 2
_RELEASE_RP = pdu(6, bytes(4))


@contextmanager
def receiver_of_nothing(associations: int) -> Iterator[int]:
    """Give the port of a receiver that takes so many associations, one after the other or at once."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        context = multiprocessing.get_context("fork")
        servants = [context.Process(target=_serve, args=(listening,), daemon=True) for _ in range(associations)]
        for servant in servants:
            servant.start()
        try:
            yield int(listening.getsockname()[1])
        finally:
            for servant in servants:
                servant.terminate()
                servant.join()


def _serve(listening: socket.socket) -> None:
    while True:
        connection, _ = listening.accept()
        with connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.recv(65536)
            connection.sendall(_accept())
            while _answer(connection):
                pass


def _answer(connection: socket.socket) -> bool:
    """Read PDUs to the end of a data set and answer; False after a release or the end of the connection."""
    header = bytearray(_HEADER + 6)
    while connection.recv_into(header, _HEADER + 4, socket.MSG_WAITALL):
        kind, _, length = struct.unpack_from(">BBI", header)
        if kind == A_RELEASE_RQ:
            connection.sendall(_RELEASE_RP)
            return False
        control = connection.recv(length - 4, socket.MSG_WAITALL)[1]
        if kind == P_DATA_TF and control == _LAST_OF_DATA_SET:
            connection.sendall(_STORE_RSP)
            return True
    return False


def _accept() -> bytes:
    """Encode an A-ASSOCIATE-AC (PS3.8 Section 9.3.3) that accepts presentation context 1."""
    body = associate_rq(b"NOTHING", b"MODALITY1", {})[_HEADER:]
    context = struct.pack(">BBHBBBBBBH", 0x21, 0, 25, 1, 0, 0, 0, 0x40, 0, 17) + b"1.2.840.10008.1.2"
    return pdu(A_ASSOCIATE_AC, body[:68] + context + body[68:])


def _store_rsp() -> bytes:
    """Encode a C-STORE-RSP with status 0x0000 (PS3.7 Section 9.3.1.2)."""
    elements = ((0x0100, 0x8001), (0x0120, 1), (0x0800, 0x0101), (0x0900, 0))
    body = b"".join(struct.pack("<HHIH", 0, number, 2, value) for number, value in elements)
    command = struct.pack("<HHII", 0, 0, 4, len(body)) + body
    return pdu(P_DATA_TF, struct.pack(">IBB", len(command) + 2, 1, 3) + command)


_STORE_RSP = _store_rsp()
