"""A DICOM client that sends whatever bytes a test wants."""

import socket
import struct
from collections.abc import Mapping

from routing import dimse
from routing.associate import decode_accept, encode_request
from routing.dimse import Command, CommandField, Element
from routing.negotiation import AssociateAccept, AssociateRequest, ProposedContext, UserInformation
from routing.pdu import p_data, split_pdvs

EXPLICIT = "1.2.840.10008.1.2.1"
IMPLICIT = "1.2.840.10008.1.2"
VERIFICATION = "1.2.840.10008.1.1"


class Wire:
    """A raw connection."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection

    def close(self) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def read(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            part = self.socket.recv(count - len(data))
            if not part:
                raise EOFError(f"closed after {len(data)} of {count} bytes")
            data += part
        return data

    def pdu(self) -> tuple[int, bytes]:
        kind, length = struct.unpack(">BxI", self.read(6))
        return kind, self.read(length)

    def at_end(self) -> bool:
        """Whether the peer has closed, what it sent before thrown away."""
        try:
            while self.socket.recv(65536):
                pass
        except ConnectionError:
            pass
        return True

    def request(
        self,
        contexts: Mapping[int, tuple[str, tuple[str, ...]]],
        *,
        called: bytes = b"ISOCENTER".ljust(16),
        calling: bytes = b"MODALITY1".ljust(16),
        **changes: object,
    ) -> None:
        proposed = tuple(
            ProposedContext(context_id=number, abstract_syntax=abstract, transfer_syntaxes=transfers)
            for number, (abstract, transfers) in contexts.items()
        )
        request = AssociateRequest(
            called_ae_title=called,
            calling_ae_title=calling,
            contexts=proposed,
            **{"user": UserInformation(max_pdu=16384), **changes},  # type: ignore[arg-type]  # tests set protocol version and application context
        )
        self.send(encode_request(request))

    def associate(self, contexts: Mapping[int, tuple[str, tuple[str, ...]]], **changes: object) -> AssociateAccept:
        self.request(contexts, **changes)  # type: ignore[arg-type]  # as in `request`
        kind, body = self.pdu()
        assert kind == 2, f"PDU type {kind}: {body.hex()}"
        return decode_accept(body)

    def command(self, context_id: int, command: Command) -> None:
        self.send(p_data(context_id, dimse.encode_command(command), is_command=True, fragment=16000))

    def data(self, context_id: int, data_set: bytes) -> None:
        self.send(p_data(context_id, data_set, is_command=False, fragment=16000))

    def answer(self) -> tuple[Command, bytes]:
        """Read one message: its command and its data set."""
        parts = {True: b"", False: b""}
        command: Command | None = None
        while True:
            kind, body = self.pdu()
            assert kind == 4, f"PDU type {kind}: {body.hex()}"
            for pdv in split_pdvs(memoryview(body)):
                parts[pdv.is_command] += bytes(pdv.fragment)
                if pdv.is_last and pdv.is_command:
                    command = dimse.decode_command(parts[True])
                    if not dimse.has_data_set(command):
                        return command, b""
                elif pdv.is_last:
                    assert command is not None
                    return command, parts[False]

    def status(self) -> int:
        return dimse.number(self.answer()[0], Element.STATUS)


def echo_rq(message_id: int = 1) -> Command:
    return {**dimse.request(CommandField.C_ECHO, message_id, data_set=False), 0x0002: VERIFICATION}


def store_rq(sop_class: str, sop_instance: str, message_id: int = 1) -> Command:
    return {
        **dimse.request(CommandField.C_STORE, message_id, data_set=True),
        0x0002: sop_class,
        0x0700: 0,
        0x1000: sop_instance,
    }
