"""Reports of storage commitment on the association of the request, for AEs with `commitment_report = "same"`.

PS3.4 Section J.3.3 leaves the association to the SCP, and the SCU may release it at any time: then the worker reports
over a new one.
"""

import threading
import time
from dataclasses import dataclass
from typing import Final

import structlog

from archive import commitments
from archive.bus import Bus
from archive.database import Database
from archive.errors import NodeError
from archive.outbox import Claim
from archive.worker_names import worker_name
from routing import commitment_report
from routing.association import Message
from routing.confirmation import COMMITMENT
from routing.dimse import CommandField, Element, number
from routing.errors import WireError
from routing.negotiation import Context
from routing.pdu import AbortReason, ProtocolViolation
from scp.session import Session

# Command Field of the answers, PS3.7 Table E.1-1.
REPORT_ANSWERED: Final = CommandField.N_EVENT_REPORT | 0x8000
_LOOK_SECONDS: Final = 0.25
# From the report to its answer; without one it is sent over a new association.
_LEASE_SECONDS: Final = 60.0

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sent:
    """A report whose answer is to come."""

    claim: Claim
    time: float


class CommitmentReports:
    """Waits for examinations, reports, and takes the answers.

    Parameters
    ----------
    database
        Where requests are kept.
    bus
        Wakes those who examine, and says when they have.
    """

    verb = "commit"

    def __init__(self, database: Database, bus: Bus) -> None:
        self._database = database
        self._bus = bus
        self._worker_id = worker_name()
        self._sent: dict[tuple[int, int], _Sent] = {}
        self._guard = threading.Lock()

    def serves(self, abstract_syntax: str) -> bool:
        """Serve the push model."""
        return abstract_syntax == COMMITMENT

    def follow(self, session: Session, context: Context, commitment_id: int) -> None:
        """Have a request examined; report here if the caller wants that and has nothing else to say meanwhile."""
        self._bus.publish("notices")
        if not session.caller.report_here:
            return
        try:
            if self._is_examined_in_time(session, commitment_id):
                self._report(session, context, commitment_id)
            else:
                self._database.write(commitments.stop_waiting, commitment_id, now=time.time())
                self._bus.publish("notices")
        except NodeError as error:
            # When its time here is over, the report goes over a new association.
            _log.error("commitment_not_reported", association=session.association_id, reason=str(error))

    def handle(self, session: Session, message: Message) -> None:
        """Take the answer to a report.

        Raises
        ------
        ProtocolViolation
            When nothing was reported under its message ID.
        """
        message_id = number(message.command, Element.MESSAGE_ID_RESPONDED_TO)
        with self._guard:
            sent = self._sent.pop((session.association_id, message_id), None)
        if sent is None:
            raise ProtocolViolation("a response came without a request", AbortReason.UNEXPECTED_PARAMETER)
        try:
            self._note(session, sent.claim, number(message.command, Element.STATUS))
        except NodeError as error:
            # When the lease is over it is reported again, over a new association.
            _log.error("report_not_noted", association=session.association_id, reason=str(error))

    def _is_examined_in_time(self, session: Session, commitment_id: int) -> bool:
        deadline = time.monotonic() + commitments.HERE_SECONDS
        subscription = self._bus.subscribe("notices")
        try:
            while time.monotonic() < deadline and not session.association.stream.readable():
                if self._database.read(commitments.is_examined, commitment_id):
                    return True
                subscription.wait(_LOOK_SECONDS)
        finally:
            subscription.close()
        return False

    def _report(self, session: Session, context: Context, commitment_id: int) -> None:
        claim = self._database.write(
            commitments.claim_for_here,
            commitment_id,
            worker_id=self._worker_id,
            lease_seconds=_LEASE_SECONDS,
            now=time.time(),
        )
        asked = self._database.read(commitments.get, commitment_id)
        if claim is None or asked is None:
            return
        ae_title = session.caller.called_ae_title
        try:
            command = commitment_report.send(session.association, context, asked, ae_title)
        except WireError as error:
            self._postpone(session, claim, str(error))
            raise
        self._remember(session.association_id, number(command, Element.MESSAGE_ID), claim)

    def _note(self, session: Session, claim: Claim, status: int) -> None:
        try:
            commitment_report.require_success(status)
        except WireError as error:
            self._postpone(session, claim, str(error))
        else:
            self._database.write(commitments.mark_reported, claim, now=time.time())
            _log.info("commitment_reported", association=session.association_id)

    def _remember(self, association_id: int, message_id: int, claim: Claim) -> None:
        now = time.monotonic()
        with self._guard:
            # Associations that ended without an answer leave theirs behind.
            self._sent = {key: sent for key, sent in self._sent.items() if sent.time > now - _LEASE_SECONDS}
            self._sent[association_id, message_id] = _Sent(claim=claim, time=now)

    def _postpone(self, session: Session, claim: Claim, reason: str) -> None:
        self._database.write(commitments.postpone, claim, reason, now=time.time())
        _log.warning("commitment_not_reported", association=session.association_id, reason=reason)
