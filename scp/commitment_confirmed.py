"""N-EVENT-REPORT of peers that we asked for storage commitment, on an association of theirs (PS3.4 Section J.3.3)."""

import time
from typing import Final

import structlog
from pydicom import Dataset

from archive import asked_commitments
from archive.bus import Bus
from archive.database import Database
from archive.errors import NodeError
from routing.association import Message
from routing.confirmation import COMMITMENT, COMMITMENT_INSTANCE
from routing.dimse import Element, number, text
from routing.exchange import decode_data_set
from routing.pdu import ProtocolViolation
from scp.session import Session
from scp.statuses import Status

# Event Type IDs of PS3.4 Table J.3-2: all committed, and failures exist.
_EVENT_TYPES: Final = frozenset({1, 2})

_log = structlog.get_logger()


class CommitmentConfirmed:
    """Confirms deliveries.

    Parameters
    ----------
    database
        Where deliveries are.
    bus
        Wakes those who show them.
    """

    verb = "commit"

    def __init__(self, database: Database, bus: Bus) -> None:
        self._database = database
        self._bus = bus

    def serves(self, abstract_syntax: str) -> bool:
        """Serve the push model."""
        return abstract_syntax == COMMITMENT

    def handle(self, session: Session, message: Message) -> None:
        """Answer one report (PS3.7 Section 10.1.1.1.8 for the statuses)."""
        session.answer(message, self._take(session, message))

    def _take(self, session: Session, message: Message) -> Status:
        if text(message.command, Element.AFFECTED_SOP_INSTANCE_UID) != COMMITMENT_INSTANCE:
            return Status.NO_SUCH_INSTANCE
        if number(message.command, Element.EVENT_TYPE_ID) not in _EVENT_TYPES:
            return Status.NO_SUCH_EVENT_TYPE
        try:
            report = decode_data_set(session.association.identifier(), message.context.transfer_syntax)
            return self._confirm(session, report)
        except ProtocolViolation:
            return Status.INVALID_ARGUMENT_VALUE
        except NodeError:
            return Status.RESOURCE_LIMITATION

    def _confirm(self, session: Session, report: Dataset) -> Status:
        transaction_uid = str(report.get("TransactionUID") or "")
        asked = self._database.read(asked_commitments.find, session.caller.tenant, transaction_uid)
        # Nobody reports for somebody else: what is confirmed may be deleted where it came from.
        if asked is None or asked.destination != session.caller.name:
            destination = asked.destination if asked else ""
            _log.warning("commitment_report_refused", association=session.association_id, destination=destination)
            return Status.INVALID_ARGUMENT_VALUE
        items = report.get("ReferencedSOPSequence") or ()
        kept = {str(item.get("ReferencedSOPInstanceUID", "")) for item in items}
        confirmed = self._database.write(asked_commitments.confirm, asked, kept, now=time.time())
        self._bus.publish("events")
        _log.info(
            "deliveries_committed",
            destination=asked.destination,
            confirmed=confirmed,
            not_committed=len(asked.deliveries) - confirmed,
        )
        return Status.SUCCESS
