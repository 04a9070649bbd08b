"""An established association, of either side: DIMSE messages in and out of P-DATA (PS3.7 Section 6.3, PS3.8 Annex E).

One thread reads and writes. PDUs are received into one buffer for the life of the association; the fragments of a data
set are handed out as views into it, so that a C-STORE goes from the socket to its file without being held.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from routing import dimse
from routing.dimse import Command, CommandField, Element
from routing.errors import PeerAborted, WireError
from routing.negotiation import Context
from routing.pdu import (
    PDV_HEADER_SIZE,
    RELEASE_RP,
    RELEASE_RQ,
    AbortReason,
    AbortSource,
    PduType,
    Pdv,
    ProtocolViolation,
    decode_fixed,
    encode_abort,
    fragment_size,
    p_data,
    split_pdvs,
)
from routing.reading import PduReader
from routing.stream import Stream

_MAX_COMMAND_SIZE: Final = 65_536
_MAX_IDENTIFIER_SIZE: Final = 4 << 20
# What nobody reads costs neither memory nor disk, but a data set must have an end.
_MAX_DISCARDED_SIZE: Final = 16 << 30
# No limit of size ends a message of fragments without content.
_MAX_EMPTY_FRAGMENTS: Final = 1_000
_OWN_MAX_SENT_PDU: Final = 262_144


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Deadlines of an association.

    Parameters
    ----------
    idle_seconds
        How long to wait for the next message to begin.
    pdu_seconds
        How long one PDU may take from its first to its last byte, and the next PDU of a message to come.
    """

    idle_seconds: float = 60.0
    pdu_seconds: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A command set that has arrived, and the context it came in; its data set is still to be read."""

    context: Context
    command: Command


class Association:
    """Messages over an established association.

    Parameters
    ----------
    stream
        The connection.
    contexts
        Accepted presentation contexts by ID.
    own_max_pdu
        The maximum length announced to the peer; a longer PDU is a violation.
    peer_max_pdu
        The maximum length the peer announced, 0 for none.
    timing
        Deadlines.
    """

    def __init__(
        self,
        stream: Stream,
        *,
        contexts: Mapping[int, Context],
        own_max_pdu: int,
        peer_max_pdu: int,
        timing: Timing,
    ) -> None:
        self.contexts = contexts
        self.stream = stream
        self.fragment_size = fragment_size(peer_max_pdu, _OWN_MAX_SENT_PDU)
        self._timing = timing
        self._reader = PduReader(stream, own_max_pdu)
        self._pdvs: Iterator[Pdv] = iter(())
        self._open_context: Context | None = None
        self._canceled: set[int] = set()
        self._message_id = 0

    def next_message_id(self) -> int:
        """Return a message ID for a request of ours: 1 to 65535, then again."""
        self._message_id = self._message_id % 65_535 + 1
        return self._message_id

    # Receiving

    def receive(self, seconds: float | None = None) -> Message | None:
        """Wait for the next message's command set.

        The rest of a data set that nobody read is thrown away first. C-CANCEL requests are remembered for `canceled`
        and not returned.

        Returns
        -------
        Message or None
            None when the peer asked for release, which is answered.

        Raises
        ------
        WireError
            When the association ended in any other way. After a ProtocolViolation it is for the caller to `abort`.
        """
        self.discard()
        while True:
            message = self._receive_command(self._timing.idle_seconds if seconds is None else seconds)
            if message is None:
                self.stream.write(RELEASE_RP)
                return None
            if dimse.number(message.command, Element.COMMAND_FIELD) != CommandField.C_CANCEL:
                break
            self._canceled.add(dimse.number(message.command, Element.MESSAGE_ID_RESPONDED_TO))
        if self._canceled and not dimse.is_response(message.command):
            # Nothing is canceled before it was asked for: that cancel came too late for the last operation with this
            # ID, and some requestors give all of theirs the same.
            self.forget_cancel(dimse.number(message.command, Element.MESSAGE_ID))
        return message

    def _receive_command(self, seconds: float) -> Message | None:
        parts: list[bytes] = []
        size = 0
        while True:
            pdv = self._next_pdv(seconds if not parts else self._timing.pdu_seconds, between_messages=not parts)
            if pdv is None:
                return None
            if not pdv.is_command:
                raise ProtocolViolation("data set without a command", AbortReason.UNEXPECTED_PARAMETER)
            parts.append(bytes(pdv.fragment))
            size += PDV_HEADER_SIZE + len(pdv.fragment)
            if size > _MAX_COMMAND_SIZE:
                raise ProtocolViolation("command set is too long")
            if pdv.is_last:
                break
        context = self._context(pdv.context_id)
        command = dimse.decode_command(b"".join(parts))
        self._open_context = context if dimse.has_data_set(command) else None
        return Message(context=context, command=command)

    def _context(self, context_id: int) -> Context:
        context = self.contexts.get(context_id)
        if context is None:
            raise ProtocolViolation(f"presentation context {context_id} was not accepted")
        return context

    def fragments(self) -> Iterator[memoryview]:
        """Yield the pieces of the current message's data set; each is valid until the next is asked for."""
        empty = 0
        while self._open_context is not None:
            pdv = self._next_pdv(self._timing.pdu_seconds)
            if pdv is None or pdv.is_command or pdv.context_id != self._open_context.context_id:
                raise ProtocolViolation("data set fragment expected", AbortReason.UNEXPECTED_PARAMETER)
            if pdv.is_last:
                self._open_context = None
            empty += not pdv.fragment
            if empty > _MAX_EMPTY_FRAGMENTS:
                raise ProtocolViolation("data set of empty fragments")
            yield pdv.fragment

    def identifier(self) -> bytes:
        """Read the current message's data set as a whole, for the small ones of queries and N-services."""
        data = bytearray()
        for fragment in self.fragments():
            data += fragment
            if len(data) > _MAX_IDENTIFIER_SIZE:
                raise ProtocolViolation("identifier is too long")
        return bytes(data)

    def discard(self, limit: int = _MAX_DISCARDED_SIZE) -> None:
        """Read and drop what is left of the current data set; more than `limit` bytes are a violation."""
        size = 0
        for fragment in self.fragments():
            size += len(fragment)
            if size > limit:
                raise ProtocolViolation("data set is larger than this node takes")

    def canceled(self, message_id: int) -> bool:
        """Tell whether the peer has asked to cancel the operation `message_id`, without waiting (PS3.7 9.3.2.3).

        Nothing but a C-CANCEL may come during an operation, as only one at a time was negotiated.
        """
        while message_id not in self._canceled and (self._reader.is_ahead or self.stream.readable()):
            message = self._receive_command(self._timing.pdu_seconds)
            if message is None or dimse.number(message.command, Element.COMMAND_FIELD) != CommandField.C_CANCEL:
                raise ProtocolViolation("a request came during another", AbortReason.UNEXPECTED_PDU)
            self._canceled.add(dimse.number(message.command, Element.MESSAGE_ID_RESPONDED_TO))
        return message_id in self._canceled

    def forget_cancel(self, message_id: int) -> None:
        """Drop a cancel that came too late, so that the message ID may be used again."""
        self._canceled.discard(message_id)

    def _next_pdv(self, seconds: float, *, between_messages: bool = False) -> Pdv | None:
        while (pdv := next(self._pdvs, None)) is None:
            kind, body = self._reader.read(seconds, self._timing.pdu_seconds)
            if kind == PduType.P_DATA:
                self._pdvs = split_pdvs(body)
            elif kind == PduType.RELEASE_RQ and between_messages:
                return None
            else:
                raise _unexpected(kind, body)
        return pdv

    # Sending

    def send(self, context_id: int, command: Command, data_set: bytes | None = None) -> None:
        """Send a message; the data set, if any, is a small one that is in memory."""
        encoded = p_data(context_id, dimse.encode_command(command), is_command=True, fragment=self.fragment_size)
        if data_set is not None:
            encoded += p_data(context_id, data_set, is_command=False, fragment=self.fragment_size)
        self.stream.write(encoded)

    def release(self) -> None:
        """Ask for release, wait for the answer and close (PS3.8 Section 7.2)."""
        try:
            self.stream.write(RELEASE_RQ)
            while True:
                kind, body = self._reader.read(self._timing.pdu_seconds, self._timing.pdu_seconds)
                if kind in (PduType.RELEASE_RP, PduType.ABORT):
                    break
                if kind == PduType.RELEASE_RQ:  # release collision: answer and go on waiting
                    self.stream.write(RELEASE_RP)
                elif kind != PduType.P_DATA:
                    raise _unexpected(kind, body)
        except WireError:
            # The work was done and acknowledged; a peer that just hangs up takes nothing back.
            pass
        finally:
            self.stream.close()

    def abort(
        self, source: AbortSource = AbortSource.SERVICE_USER, reason: AbortReason = AbortReason.NOT_SPECIFIED
    ) -> None:
        """Send an A-ABORT, as far as the connection still takes it, and close."""
        try:
            self.stream.write(encode_abort(source, reason))
        except WireError:
            # There is nobody left to tell.
            pass
        finally:
            self.stream.close()

    def close(self) -> None:
        """Close the connection after a release or an abort of the peer."""
        self.stream.close()


def _unexpected(kind: int, body: memoryview) -> WireError:
    if kind == PduType.ABORT:
        _, source, reason = decode_fixed(body)
        return PeerAborted(source, reason)
    return ProtocolViolation(f"PDU type {kind:02X}H is not expected now", AbortReason.UNEXPECTED_PDU)
