"""One association from its first byte to its last: handshake, admission, requests, end."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import structlog

from archive.errors import NodeError
from routing.associate import encode_accept
from routing.association import Association, Message, Timing
from routing.dimse import Element, is_response, number, text
from routing.errors import HandshakeFailed, PeerAborted, WireError
from routing.negotiation import AssociateRequest, agreed
from routing.pdu import AbortReason, AbortSource, ProtocolViolation, encode_abort, encode_reject
from routing.rejection import LOCAL_LIMIT_EXCEEDED, TEMPORARY_CONGESTION, Rejection
from routing.stream import Stream
from routing.tls import TlsStream
from scp import admission, contexts
from scp.admission import Admission, Caller
from scp.arrival import Arrival
from scp.choice import Choice
from scp.handshake import read_request
from scp.recorder import Recorder
from scp.session import Service, Session
from scp.slots import Slots
from scp.speakers import Speakers
from scp.statuses import Status
from scp.stopping import Stopping

_log = structlog.get_logger()
_RESPONSE_DATA_SET: Final = "a response came without a request"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What an association may take.

    Parameters
    ----------
    max_pdu
        Maximum length announced, in bytes.
    artim_seconds
        From the connection to the whole A-ASSOCIATE-RQ.
    timing
        Deadlines afterwards.
    """

    max_pdu: int = 262_144
    artim_seconds: float = 10.0
    timing: Timing = field(default_factory=Timing)


class Acceptor:
    """The acceptor's side of associations; one object for all of them.

    Parameters
    ----------
    rules
        Who may associate.
    recorder
        Keeps associations on record.
    slots
        How many at once.
    services
        By the command field they answer.
    limits
        What an association may take.
    """

    def __init__(
        self,
        *,
        rules: Admission,
        recorder: Recorder,
        slots: Slots,
        services: Mapping[int, Service | Choice],
        limits: Limits,
    ) -> None:
        self._rules = rules
        self._recorder = recorder
        self._slots = slots
        self._speakers = Speakers(slots.load)
        self._services = dict(services)
        self._limits = limits

    @property
    def artim_seconds(self) -> float:
        """From the connection to the whole A-ASSOCIATE-RQ."""
        return self._limits.artim_seconds

    def run(self, arrival: Arrival) -> None:
        """Serve one connection to its end; whatever the peer does, this returns and the connection is closed."""
        stream, address = arrival.stream, arrival.address
        try:
            request = self._read_request(arrival)
        except ProtocolViolation as violation:
            _log.warning("connection_refused", address=address, reason=str(violation))
            _last_words(stream, encode_abort(AbortSource.SERVICE_PROVIDER, violation.reason))
        except HandshakeFailed as failure:
            _log.warning("connection_refused", address=address, reason=str(failure))
            stream.close()
        except WireError as error:
            _log.info("connection_lost", address=address, reason=str(error))
            stream.close()
        else:
            self._admit(arrival, request)

    def _read_request(self, arrival: Arrival) -> AssociateRequest:
        with self._speakers.one_more(arrival.address) as welcome:
            if not welcome:
                raise WireError("too many half-open connections of this address")
            return read_request(arrival.stream, arrival.artim_seconds)

    def _admit(self, arrival: Arrival, request: AssociateRequest) -> None:
        stream, address = arrival.stream, arrival.address
        try:
            certificate = stream.peer_certificate() if isinstance(stream, TlsStream) else None
            decision = admission.decide(request, address, self._rules, certificate)
        except NodeError:
            # The rules cannot be read: nobody is known, but nobody is refused for good either.
            decision = TEMPORARY_CONGESTION
        if isinstance(decision, Rejection):
            self._reject(stream, address, request, decision)
            return
        slot = self._slots.take(decision.calling_ae_title, address)
        if slot is None:
            self._reject(stream, address, request, LOCAL_LIMIT_EXCEEDED)
            return
        arrival.admitted()
        try:
            self._serve_recorded(stream, decision, request, arrival.stopping)
        finally:
            self._slots.give_back(slot)

    def _reject(self, stream: Stream, address: str, request: AssociateRequest, why: Rejection) -> None:
        calling, called = admission.shown(request.calling_ae_title), admission.shown(request.called_ae_title)
        _log.warning("association_rejected", calling=calling, called=called, address=address, reason=why.text)
        _last_words(stream, encode_reject(why.result, why.source, why.reason))
        try:
            self._recorder.rejected(calling_ae_title=calling, called_ae_title=called, address=address, reason=why.text)
        except NodeError as error:
            _log.error("rejection_not_recorded", reason=str(error))

    def _serve_recorded(self, stream: Stream, caller: Caller, request: AssociateRequest, stopping: Stopping) -> None:
        try:
            association_id = self._recorder.opened(
                tenant=caller.tenant,
                calling_ae_title=caller.calling_ae_title,
                called_ae_title=caller.called_ae_title,
                address=caller.address,
            )
        except NodeError:
            self._reject(stream, caller.address, request, TEMPORARY_CONGESTION)
            return
        log = _log.bind(association=association_id, calling=caller.calling_ae_title, address=caller.address)
        log.info("association_opened")
        end = "the node failed"
        try:
            end = self._serve(stream, caller, request, association_id, stopping)
        finally:
            stream.close()
            self._record_end(association_id, end)
            log.info("association_closed", reason=end)

    def _record_end(self, association_id: int, aborted_because: str) -> None:
        try:
            if aborted_because:
                self._recorder.aborted(association_id, aborted_because)
            else:
                self._recorder.closed(association_id)
        except NodeError as error:
            # The start-up sweep and the missing heartbeat close what could not be written here.
            _log.error("end_not_recorded", association=association_id, reason=str(error))

    def _serve(
        self,
        stream: Stream,
        caller: Caller,
        request: AssociateRequest,
        association_id: int,
        stopping: Stopping,
    ) -> str:
        """Accept, then serve to the end; gives the reason of an abort, empty after a release."""
        accept = contexts.answer(request, max_pdu=self._limits.max_pdu)
        association = Association(
            stream,
            contexts=agreed(request, accept),
            own_max_pdu=self._limits.max_pdu,
            peer_max_pdu=request.user.max_pdu,
            timing=self._limits.timing,
        )
        session = Session(association=association, caller=caller, association_id=association_id)
        with session.at_end:
            return self._converse(session, encode_accept(accept), stopping)

    def _converse(self, session: Session, accept: bytes, stopping: Stopping) -> str:
        """Send the A-ASSOCIATE-AC, then answer requests until the association ends; gives the reason of an abort."""
        association = session.association
        try:
            association.stream.write(accept)
            while (message := stopping.wait_for(association)) is not None:
                self._dispatch(session, message)
        except PeerAborted as abort:
            return str(abort)
        except ProtocolViolation as violation:
            association.abort(AbortSource.SERVICE_PROVIDER, violation.reason)
            return str(violation)
        except WireError as error:
            association.abort(AbortSource.SERVICE_PROVIDER)
            return "the node is stopping" if stopping.requested else str(error)
        return ""

    def _dispatch(self, session: Session, message: Message) -> None:
        service = self._service_for(message)
        if is_response(message.command):
            # To a request of this side: only a service that makes such requests knows them.
            if service is None:
                raise ProtocolViolation(_RESPONSE_DATA_SET, AbortReason.UNEXPECTED_PARAMETER)
            service.handle(session, message)
            return
        refusal = _refusal(session.caller, service, message)
        if service is None or refusal is not None:
            session.association.discard()
            session.answer(message, refusal or Status.UNRECOGNIZED_OPERATION)
        else:
            service.handle(session, message)

    def _service_for(self, message: Message) -> Service | None:
        service = self._services.get(number(message.command, Element.COMMAND_FIELD))
        return service.service_for(message.context.abstract_syntax) if isinstance(service, Choice) else service


def _refusal(caller: Caller, service: Service | None, message: Message) -> Status | None:
    if service is None:
        return Status.UNRECOGNIZED_OPERATION
    abstract_syntax = message.context.abstract_syntax
    # Requests about an instance that exists name its class as the requested one (PS3.7 Section 10.1).
    affected = text(message.command, Element.AFFECTED_SOP_CLASS_UID)
    sop_class = affected or text(message.command, Element.REQUESTED_SOP_CLASS_UID)
    if not contexts.is_of_context(sop_class, abstract_syntax) or not service.serves(abstract_syntax):
        return Status.SOP_CLASS_NOT_SUPPORTED
    if service.verb not in caller.allowed:
        return Status.NOT_AUTHORIZED
    return None


def _last_words(stream: Stream, pdu: bytes) -> None:
    try:
        stream.write(pdu)
    except WireError as error:
        _log.debug("last_words_not_sent", reason=str(error))
    finally:
        stream.close()
