"""A Storage SCU that spends as little as a client can: one `sendall` and one or two `recv` for an operation.

Nothing is decoded while a clock runs: the answers are kept, and looked at afterwards.
"""

import socket
import struct
from collections.abc import Iterable
from types import TracebackType
from typing import Self

from tests.acceptance.peers.raw import A_ASSOCIATE_AC, Context, associate_rq, pdu

CALLING = "MODALITY1"
# Loopback would carry 64 KiB segments, and its kernel delays acknowledgements by that size; a scanner's Ethernet has
# segments of 1,448 bytes. It counts only when it is set before the connection is made.
SEGMENT_BYTES = 1448
_ANSWER_BYTES = 65536
_PATIENCE_SECONDS = 120
_HEADER = 6
_RELEASE_RQ = pdu(5, bytes(4))
_STATUS = struct.pack("<HHI", 0, 0x0900, 2)


class Refused(Exception):
    """The receiver did not accept the association."""


class Client:
    """One association.

    Parameters
    ----------
    port
        Of the receiver, on the loopback interface.
    called
        Its AE title.
    sop_class_uid
        The abstract syntax of presentation context 1, in Explicit VR Little Endian.
    """

    def __init__(self, port: int, *, called: str, sop_class_uid: str) -> None:
        self.socket = socket.socket()
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SEGMENT_BYTES)
        # The kernel's own time limit: Python's would ask `poll` before each call.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", _PATIENCE_SECONDS, 0))
        self.socket.connect(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        contexts = {1: Context(abstract_syntax=sop_class_uid)}
        self._answer = self.exchange(associate_rq(called.encode(), CALLING.encode(), contexts))
        if self._answer[0] != A_ASSOCIATE_AC:
            self.socket.close()
            raise Refused(f"{called} answered with PDU type {self._answer[0]}: {self._answer[_HEADER:].hex()}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.socket.close()

    @property
    def max_pdu(self) -> int:
        """The largest P-DATA-TF PDU the receiver takes (PS3.8 Annex D.1); 0 is any."""
        at = self._answer.find(b"\x51\x00\x00\x04", _HEADER + 68)
        return int(struct.unpack_from(">I", self._answer, at + 4)[0])

    def exchange(self, message: bytes) -> bytes:
        """Send all of `message` and return the next PDU, with its header."""
        self.socket.sendall(message)
        return self.receive()

    def receive(self) -> bytes:
        """Return the next PDU, with its header."""
        answer = self.socket.recv(_ANSWER_BYTES)
        while len(answer) < _HEADER or len(answer) < _HEADER + int.from_bytes(answer[2:_HEADER], "big"):
            more = self.socket.recv(_ANSWER_BYTES)
            if not more:
                raise ConnectionError("the receiver closed the connection")
            answer += more
        return answer

    def receive_to(self, end: bytes) -> bytes:
        """Return all PDUs up to one that ends with `end`."""
        answers = bytearray()
        while not answers.endswith(end):
            more = self.socket.recv(_ANSWER_BYTES)
            if not more:
                raise ConnectionError("the receiver closed the connection")
            answers += more
        return bytes(answers)

    def release(self) -> None:
        """Release the association (PS3.8 Section 7.2)."""
        self.exchange(_RELEASE_RQ)


def command_set(sop_class_uid: str, numbers: Iterable[tuple[int, int]]) -> bytes:
    """Encode a command set (PS3.7 Section 6.3.1) of an Affected SOP Class UID and 16 bit numbers, in their order."""
    uid = sop_class_uid.encode() + b"\0" * (len(sop_class_uid) % 2)
    body = struct.pack("<HHI", 0, 0x0002, len(uid)) + uid
    body += b"".join(struct.pack("<HHIH", 0, number, 2, value) for number, value in numbers)
    return struct.pack("<HHII", 0, 0, 4, len(body)) + body


def succeeded(answer: bytes) -> bool:
    """Tell whether a response's status (0000,0900) is 0x0000."""
    at = answer.rfind(_STATUS)
    return at >= 0 and answer[at + len(_STATUS) : at + len(_STATUS) + 2] == b"\0\0"
