"""Storage Commitment Push Model, as SCP (PS3.4 Annex J): the request is kept, and only then answered with success."""

import time
from typing import Final

import structlog
from pydicom import Dataset, Sequence

from archive import commitments
from archive.commitments import Reference
from archive.database import Database
from archive.errors import Conflict, InvalidQuery, NodeError
from archive.uids import is_valid_uid
from routing.association import Message
from routing.confirmation import COMMITMENT, COMMITMENT_INSTANCE
from routing.dimse import Element, number, text
from routing.exchange import decode_data_set
from routing.pdu import ProtocolViolation
from scp.commitment_reports import CommitmentReports
from scp.session import Session
from scp.statuses import Status

_REQUEST_COMMITMENT: Final = 1

_log = structlog.get_logger()
Outcome = tuple[Status, str, int | None]


class Commitment:
    """Takes requests for storage commitment.

    Parameters
    ----------
    database
        Where requests are kept.
    reports
        Wakes those who examine, and reports on the association itself to those who want it there.
    """

    verb = "commit"

    def __init__(self, database: Database, reports: CommitmentReports) -> None:
        self._database = database
        self._reports = reports

    def serves(self, abstract_syntax: str) -> bool:
        """Serve the push model."""
        return abstract_syntax == COMMITMENT

    def handle(self, session: Session, message: Message) -> None:
        """Answer one N-ACTION."""
        status, comment, kept = self._take(session, message)
        session.answer(message, status, comment=comment)
        if kept is None:
            _log.info("commitment_refused", association=session.association_id, reason=comment)
        else:
            self._reports.follow(session, message.context, kept)

    def _take(self, session: Session, message: Message) -> Outcome:
        """Keep a request; gives the status (PS3.7 Section 10.1.4.1.10), a comment, and the request's id."""
        if text(message.command, Element.REQUESTED_SOP_INSTANCE_UID) != COMMITMENT_INSTANCE:
            return Status.NO_SUCH_INSTANCE, "Not the well-known SOP Instance", None
        if number(message.command, Element.ACTION_TYPE_ID) != _REQUEST_COMMITMENT:
            return Status.NO_SUCH_ACTION, "No such Action Type", None
        try:
            transaction_uid, items = _read(session, message)
            return Status.SUCCESS, "", self._keep(session, transaction_uid, items)
        except (ProtocolViolation, InvalidQuery, Conflict) as error:
            # A Transaction UID in use too: a report with reason 0131H would be taken for that of the first request.
            return Status.INVALID_ARGUMENT_VALUE, str(error), None
        except NodeError:
            return Status.RESOURCE_LIMITATION, "The request cannot be kept now", None

    def _keep(self, session: Session, transaction_uid: str, items: list[Reference]) -> int:
        caller = session.caller
        kept = self._database.write(
            commitments.request,
            caller.tenant,
            transaction_uid=transaction_uid,
            ae_title=caller.calling_ae_title,
            destination=caller.name,
            items=items,
            here=caller.report_here,
            now=time.time(),
        )
        _log.info(
            "commitment_requested",
            association=session.association_id,
            commitment=str(kept),
            objects=len(items),
        )
        return kept


def _read(session: Session, message: Message) -> tuple[str, list[Reference]]:
    """Read the Action Information, PS3.4 Table J.3-1: all of it is required, and must be fit to stand in the report."""
    encoded = session.association.identifier()
    information = decode_data_set(encoded, message.context.transfer_syntax)
    transaction_uid = _uid(information, "TransactionUID")
    sequence = information.get("ReferencedSOPSequence")
    if not isinstance(sequence, Sequence) or not sequence:
        raise InvalidQuery("Referenced SOP Sequence is missing or empty")
    items = [
        Reference(_uid(item, "ReferencedSOPClassUID"), _uid(item, "ReferencedSOPInstanceUID")) for item in sequence
    ]
    # Who names an object twice is told of it once.
    return transaction_uid, list(dict.fromkeys(items))


def _uid(dataset: Dataset, keyword: str) -> str:
    uid = str(dataset.get(keyword) or "")
    if not is_valid_uid(uid):
        raise InvalidQuery(f"{keyword} is no UID")
    return uid
