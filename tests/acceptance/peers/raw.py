"""A calling AE that can be as wrong as it likes: every byte it sends is the test's own (PS3.8, PS3.7)."""

import socket
import struct
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, ImplicitVRLittleEndian

A_ASSOCIATE_RQ, A_ASSOCIATE_AC, A_ASSOCIATE_RJ, P_DATA_TF, A_RELEASE_RQ, A_ABORT = 1, 2, 3, 4, 5, 7
_APPLICATION_CONTEXT = b"1.2.840.10008.3.1.1.1"
_C_STORE_RQ, _C_ECHO_RQ = 0x0001, 0x0030
_FRAGMENT = 16000


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One proposed presentation context."""

    abstract_syntax: str = CTImageStorage
    transfer_syntaxes: tuple[str, ...] = (ExplicitVRLittleEndian,)


def _item(kind: int, body: bytes) -> bytes:
    return struct.pack(">BBH", kind, 0, len(body)) + body


def associate_rq(
    called: bytes,
    calling: bytes,
    contexts: dict[int, Context],
    *,
    version: int = 1,
    application_context: bytes = _APPLICATION_CONTEXT,
) -> bytes:
    """Encode an A-ASSOCIATE-RQ PDU (PS3.8 Section 9.3.2); AE titles are padded, not checked."""
    body = struct.pack(">HH", version, 0) + called.ljust(16) + calling.ljust(16) + bytes(32)
    body += _item(0x10, application_context)
    for number, context in contexts.items():
        syntaxes = b"".join(_item(0x40, uid.encode()) for uid in context.transfer_syntaxes)
        body += _item(0x20, bytes([number, 0, 0, 0]) + _item(0x30, context.abstract_syntax.encode()) + syntaxes)
    user = _item(0x51, struct.pack(">I", 1 << 20)) + _item(0x52, b"1.2.826.0.1.3680043.10.9999.2")
    return pdu(A_ASSOCIATE_RQ, body + _item(0x50, user))


def pdu(kind: int, body: bytes) -> bytes:
    """Put a PDU header before a body."""
    return struct.pack(">BBI", kind, 0, len(body)) + body


def _element(number: int, value: bytes) -> bytes:
    return struct.pack("<HHI", 0, number, len(value)) + value


def _uid(value: bytes) -> bytes:
    return value + b"\0" * (len(value) % 2)


def command_set(field: int, *, sop_class: bytes) -> bytes:
    """Encode the command set of a request that a data set follows and that names no instance (PS3.7 Section 9.3)."""
    body = _element(0x0002, _uid(sop_class)) + _element(0x0100, struct.pack("<H", field))
    body += _element(0x0110, b"\1\0") + _element(0x0700, b"\0\0") + _element(0x0800, b"\1\0")
    return _element(0x0000, struct.pack("<I", len(body))) + body


def store_rq(sop_class: bytes, sop_instance: bytes, *, message_id: int = 1, has_data_set: bool = True) -> bytes:
    """Encode the command set of a C-STORE-RQ (PS3.7 Section 9.3.1.1)."""
    body = _element(0x0002, _uid(sop_class)) + _element(0x0100, struct.pack("<H", _C_STORE_RQ))
    body += _element(0x0110, struct.pack("<H", message_id)) + _element(0x0700, b"\0\0")
    body += _element(0x0800, struct.pack("<H", 1 if has_data_set else 0x0101)) + _element(0x1000, _uid(sop_instance))
    return _element(0x0000, struct.pack("<I", len(body))) + body


def status_of(command: bytes) -> int:
    """Find the status (0000,0900) in a response's command set."""
    at = command.rfind(struct.pack("<HHI", 0, 0x0900, 2))
    return int(struct.unpack_from("<H", command, at + 8)[0])


def p_data(context_id: int, control: int, fragment: bytes, *, length: int | None = None) -> bytes:
    """Encode a P-DATA-TF PDU of one presentation data value, whose length may be a lie (PS3.8 Section 9.3.5)."""
    stated = len(fragment) + 2 if length is None else length
    return pdu(P_DATA_TF, struct.pack(">IBB", stated, context_id, control) + fragment)


def last_words(connection: socket.socket) -> tuple[int, int] | None:
    """Read until the node closes; source and reason of its A-ABORT, or None when it said nothing."""
    received = bytearray()
    try:
        while part := connection.recv(65536):
            received += part
    except ConnectionError:
        pass
    abort = received[-10:]
    return (abort[8], abort[9]) if len(abort) == 10 and abort[0] == A_ABORT else None


class RawScu:
    """An association over a plain socket."""

    def __init__(
        self,
        port: int,
        *,
        contexts: dict[int, Context] | None = None,
        calling: bytes = b"MODALITY1",
        called: bytes = b"ISOCENTER",
        version: int = 1,
        application_context: bytes = _APPLICATION_CONTEXT,
        address: str = "127.0.0.1",
    ) -> None:
        self.contexts = contexts or {
            1: Context(),
            3: Context(transfer_syntaxes=(ImplicitVRLittleEndian,)),
        }
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20, source_address=(address, 0))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        request = associate_rq(called, calling, self.contexts, version=version, application_context=application_context)
        try:
            self.socket.sendall(request)
            self.answer, self.answer_body = self.receive()
        except OSError:
            self.socket.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.socket.close()

    @property
    def rejection(self) -> tuple[int, int, int] | None:
        """Result, source and reason of an A-ASSOCIATE-RJ, or None."""
        return tuple(self.answer_body[1:4]) if self.answer == A_ASSOCIATE_RJ else None  # type: ignore[return-value]

    def context_results(self) -> dict[int, int]:
        """Return the result (PS3.8 Table 9-18) of every context, by its id."""
        at, results = 68, {}
        while at < len(self.answer_body):
            kind, _, length = struct.unpack_from(">BBH", self.answer_body, at)
            if kind == 0x21:
                results[self.answer_body[at + 4]] = self.answer_body[at + 6]
            at += 4 + length
        return results

    def last_words(self) -> tuple[int, int] | None:
        """Read to the end; source and reason of an A-ABORT, or None when the connection was just closed."""
        return last_words(self.socket)

    @property
    def max_pdu(self) -> int:
        """The largest P-DATA-TF PDU that the node takes, as it said when it accepted (PS3.8 Annex D.1)."""
        at = self.answer_body.find(b"\x51\x00\x00\x04", 68)
        return int(struct.unpack_from(">I", self.answer_body, at + 4)[0])

    def receive(self) -> tuple[int, bytes]:
        """Read one PDU: its type and its body."""
        kind, _, length = struct.unpack(">BBI", self._exactly(6))
        return kind, self._exactly(length)

    def _exactly(self, count: int) -> bytes:
        out = bytearray()
        while len(out) < count:
            part = self.socket.recv(count - len(out))
            if not part:
                raise ConnectionError("the node closed the connection")
            out += part
        return bytes(out)

    def send_fragments(self, context_id: int, control: int, data: bytes) -> None:
        """Send a command (control 1) or data set (control 0) as P-DATA-TF PDUs, the last one marked as such."""
        for at in range(0, max(len(data), 1), _FRAGMENT):
            part, last = data[at : at + _FRAGMENT], at + _FRAGMENT >= len(data)
            header = struct.pack(">IBB", len(part) + 2, context_id, control | (2 if last else 0))
            self.socket.sendall(pdu(P_DATA_TF, header + part))

    def store(
        self,
        data_set: bytes,
        *,
        sop_instance: bytes,
        sop_class: bytes = CTImageStorage.encode(),
        context_id: int = 1,
        has_data_set: bool = True,
    ) -> int:
        """C-STORE whatever bytes are given and return the status of the response."""
        self.send_fragments(context_id, 1, store_rq(sop_class, sop_instance, has_data_set=has_data_set))
        if has_data_set:
            self.send_fragments(context_id, 0, data_set)
        return self.response_status()

    def response_status(self) -> int:
        """Read the next response and return its status; an abort is an error."""
        kind, body = self.receive()
        if kind != P_DATA_TF:
            raise ConnectionError(f"the node answered with PDU type {kind}")
        return status_of(body)
