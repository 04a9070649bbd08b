"""Associations that this node asks for (PS3.8 Section 7.1)."""

import socket
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Final

from routing.addresses import connect
from routing.associate import decode_accept, encode_request
from routing.association import Association, Timing
from routing.errors import (
    AssociationRejected,
    HandshakeFailed,
    NoContextAccepted,
    PeerAborted,
    TimedOut,
    Unreachable,
    WireError,
)
from routing.negotiation import AssociateAccept, AssociateRequest, ProposedContext, Roles, UserInformation, agreed
from routing.pdu import (
    HEADER,
    HEADER_SIZE,
    AbortReason,
    AbortSource,
    PduType,
    ProtocolViolation,
    decode_fixed,
    encode_abort,
)
from routing.peers import Peer
from routing.refusals import refusals
from routing.rejection import Rejection
from routing.stream import SocketStream, Stream
from routing.tls import connect_tls
from routing.tls_contexts import TlsUnusable
from routing.tls_files import CurrentContext

OWN_MAX_PDU: Final = 131_072
_MAX_ACCEPT_SIZE: Final = 1 << 20
_KNOWN_PDUS: Final = frozenset(PduType)


def number_contexts(pairs: Iterable[tuple[str, tuple[str, ...]]]) -> tuple[ProposedContext, ...]:
    """Make presentation contexts, with IDs 1, 3, 5 and so on, of pairs of abstract and transfer syntaxes."""
    return tuple(
        ProposedContext(context_id=2 * index + 1, abstract_syntax=abstract, transfer_syntaxes=transfers)
        for index, (abstract, transfers) in enumerate(pairs)
    )


def open_association(
    peer: Peer, contexts: tuple[ProposedContext, ...], *, roles: Mapping[str, Roles] | None = None
) -> Association:
    """Connect to `peer` and negotiate.

    Parameters
    ----------
    peer
        Whom to call.
    contexts
        What to propose, at most 128.
    roles
        Role selection to propose, by SOP class UID.

    Returns
    -------
    Association
        With at least one accepted context; the caller releases or aborts it.

    Raises
    ------
    WireError
        One of `Unreachable`, `HandshakeFailed`, `TimedOut`, `AssociationRejected`, `PeerAborted`, `NoContextAccepted`,
        `ConnectionLost`, `ProtocolViolation`; its text says why.
    """
    association, _ = negotiate(peer, contexts, roles=roles)
    return association


def negotiate(
    peer: Peer, contexts: tuple[ProposedContext, ...], *, roles: Mapping[str, Roles] | None = None
) -> tuple[Association, str]:
    """Do as `open_association`, and say too what the peer refused, empty when it was nothing."""
    if not contexts:
        raise NoContextAccepted("there is nothing that this peer may be sent")
    request = AssociateRequest(
        called_ae_title=_padded(peer.ae_title),
        calling_ae_title=_padded(peer.calling_ae_title),
        contexts=contexts,
        user=UserInformation(max_pdu=OWN_MAX_PDU, roles=roles or {}),
    )
    stream = _connect(peer)
    try:
        stream.write(encode_request(request))
        accept = _accepted(*_read_pdu(stream, peer.connect_seconds))
    except WireError as error:
        if isinstance(error, ProtocolViolation):
            with suppress(WireError):
                stream.write(encode_abort(AbortSource.SERVICE_PROVIDER, error.reason))
        stream.close()
        raise
    return _established(peer, stream, request, accept)


def _established(
    peer: Peer, stream: Stream, request: AssociateRequest, accept: AssociateAccept
) -> tuple[Association, str]:
    association = Association(
        stream,
        contexts=agreed(request, accept),
        own_max_pdu=OWN_MAX_PDU,
        peer_max_pdu=accept.user.max_pdu,
        timing=Timing(idle_seconds=peer.response_seconds),
    )
    if not association.contexts:
        association.release()
        why = refusals(request, accept)
        raise NoContextAccepted(f"none of the proposed presentation contexts was accepted ({why})")
    return association, refusals(request, accept)


def _padded(ae_title: str) -> bytes:
    return ae_title.encode("ascii", "replace")[:16].ljust(16)


def _connect(peer: Peer) -> Stream:
    try:
        connection = connect(peer.host, peer.port, peer.connect_seconds)
    except TimeoutError:
        raise TimedOut(f"no connection within {peer.connect_seconds:g} s") from None
    except OSError as error:
        raise Unreachable(f"no connection: {error.strerror or error}") from error
    return SocketStream(connection) if peer.tls is None else _secured(connection, peer, peer.tls)


def _secured(connection: socket.socket, peer: Peer, tls: CurrentContext) -> Stream:
    try:
        context = tls.get()
    except TlsUnusable as error:
        connection.close()
        raise HandshakeFailed(str(error)) from error
    return connect_tls(connection, context, peer.host, peer.connect_seconds)


def _read_pdu(stream: Stream, seconds: float) -> tuple[int, bytes]:
    header = bytearray(HEADER_SIZE)
    try:
        stream.read_exactly(memoryview(header), seconds)
        kind, length = HEADER.unpack(header)
        if kind not in _KNOWN_PDUS:
            raise ProtocolViolation("the peer does not speak DICOM", AbortReason.UNRECOGNIZED_PDU)
        if length > _MAX_ACCEPT_SIZE:
            raise ProtocolViolation(f"answer of {length} bytes to A-ASSOCIATE-RQ")
        body = bytearray(length)
        stream.read_exactly(memoryview(body), seconds)
    except TimedOut:
        raise TimedOut(f"no answer to the association request within {seconds:g} s") from None
    return kind, bytes(body)


def _accepted(kind: int, body: bytes) -> AssociateAccept:
    if kind == PduType.ASSOCIATE_AC:
        return decode_accept(body)
    if kind == PduType.ASSOCIATE_RJ:
        result, source, reason = decode_fixed(body)
        raise AssociationRejected(Rejection(result=result, source=source, reason=reason))
    if kind == PduType.ABORT:
        _, source, reason = decode_fixed(body)
        raise PeerAborted(source, reason)
    raise ProtocolViolation(f"PDU type {kind:02X}H answers A-ASSOCIATE-RQ", AbortReason.UNEXPECTED_PDU)
