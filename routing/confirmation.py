"""Whether a peer really keeps what it was sent: storage commitment, else C-FIND (PS3.4 Annexes J and C)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from pydicom import Dataset
from pydicom.uid import generate_uid

from archive.retrieve import StoredInstance
from routing import dimse
from routing.association import Association, Message
from routing.dimse import CommandField, Element
from routing.errors import NoContextAccepted, TimedOut, WireError
from routing.exchange import context_for, decode_data_set, encode_data_set, responses
from routing.negotiation import EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN, Context
from routing.pdu import AbortReason, ProtocolViolation
from routing.peers import Peer
from routing.requestor import number_contexts, open_association

COMMITMENT: Final = "1.2.840.10008.1.20.1"
COMMITMENT_INSTANCE: Final = "1.2.840.10008.1.20.1.1"
STUDY_ROOT_FIND: Final = "1.2.840.10008.5.1.4.1.2.2.1"
# Peers that keep the association for the report send it at once; others open one of their own, later.
_REPORT_SECONDS: Final = 5.0
_REQUEST_COMMITMENT: Final = 1


class Means(StrEnum):
    """How a delivery was confirmed."""

    COMMITMENT = "storage commitment"
    FIND = "C-FIND"
    NONE = "the peer offers neither storage commitment nor C-FIND"


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """What the peer says it keeps.

    Parameters
    ----------
    means
        How it was asked.
    confirmed
        SOP Instance UIDs it has.
    """

    means: Means
    confirmed: frozenset[str]


def confirm(
    peer: Peer, instances: Sequence[StoredInstance], *, remember: Callable[[str], object] = lambda _: None
) -> Confirmation:
    """Ask `peer` about `instances`, by the best means it accepts.

    Parameters
    ----------
    peer
        Who has them.
    instances
        What it is asked about.
    remember
        Called with the Transaction UID before commitment is requested: the report may come on another association.

    Raises
    ------
    WireError
        When it cannot be asked now.
    """
    syntaxes = (EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN)
    try:
        association = open_association(peer, number_contexts([(COMMITMENT, syntaxes), (STUDY_ROOT_FIND, syntaxes)]))
    except NoContextAccepted:
        return Confirmation(means=Means.NONE, confirmed=frozenset())
    try:
        confirmation = _ask(association, instances, remember)
    except WireError:
        association.abort()
        raise
    association.release()
    return confirmation


def _ask(
    association: Association, instances: Sequence[StoredInstance], remember: Callable[[str], object]
) -> Confirmation:
    committing, finding = context_for(association, COMMITMENT), context_for(association, STUDY_ROOT_FIND)
    if committing:
        transaction = str(generate_uid())
        remember(transaction)
        committed = _commit(association, committing, instances, transaction)
        if committed is not None:
            return Confirmation(means=Means.COMMITMENT, confirmed=committed)
    if finding:
        return Confirmation(means=Means.FIND, confirmed=frozenset(_find(association, finding, instances)))
    return Confirmation(means=Means.NONE, confirmed=frozenset())


def _commit(
    association: Association, context: Context, instances: Sequence[StoredInstance], transaction: str
) -> frozenset[str] | None:
    """Request commitment; gives the committed UIDs, or none when the peer declines or does not report here."""
    command = dimse.request(CommandField.N_ACTION, association.next_message_id(), data_set=True)
    command[Element.REQUESTED_SOP_CLASS_UID] = COMMITMENT
    command[Element.REQUESTED_SOP_INSTANCE_UID] = COMMITMENT_INSTANCE
    command[Element.ACTION_TYPE_ID] = _REQUEST_COMMITMENT
    data_set = encode_data_set(_references(transaction, instances), context.transfer_syntax)
    association.send(context.context_id, command, data_set)
    try:
        return _await_report(association, transaction)
    except TimedOut:
        return None


def _await_report(association: Association, transaction: str) -> frozenset[str] | None:
    """Read the answer to the action and the report, whichever comes first; quick peers report before they answer."""
    accepted, committed = False, None
    while not accepted or committed is None:
        message = association.receive(_REPORT_SECONDS if accepted else None)
        if message is None:
            return None
        if dimse.is_response(message.command):
            accepted = True
            if dimse.number(message.command, Element.STATUS) != 0:
                return None
        else:
            committed = _report(association, message, transaction)
    return committed


def _references(transaction: str, instances: Iterable[StoredInstance]) -> Dataset:
    dataset = Dataset()
    dataset.TransactionUID = transaction
    dataset.ReferencedSOPSequence = [_reference(instance) for instance in instances]
    return dataset


def _reference(instance: StoredInstance) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID = str(instance.sop_class_uid)
    item.ReferencedSOPInstanceUID = str(instance.sop_instance_uid)
    return item


def _report(association: Association, message: Message, transaction: str) -> frozenset[str]:
    if dimse.number(message.command, Element.COMMAND_FIELD) != CommandField.N_EVENT_REPORT:
        raise ProtocolViolation("a request other than N-EVENT-REPORT came", AbortReason.UNEXPECTED_PARAMETER)
    report = decode_data_set(association.identifier(), message.context.transfer_syntax)
    association.send(message.context.context_id, _acknowledge(message))
    if report.get("TransactionUID") != transaction:
        return frozenset()
    items = report.get("ReferencedSOPSequence") or ()
    return frozenset(str(item.get("ReferencedSOPInstanceUID", "")) for item in items)


def _acknowledge(message: Message) -> dict[int, dimse.Value]:
    answer = dimse.response(message.command, 0)
    answer[Element.EVENT_TYPE_ID] = dimse.number(message.command, Element.EVENT_TYPE_ID)
    return answer


def _find(association: Association, context: Context, instances: Iterable[StoredInstance]) -> Iterable[str]:
    for instance in instances:
        command = dimse.request(CommandField.C_FIND, association.next_message_id(), data_set=True)
        command[Element.AFFECTED_SOP_CLASS_UID] = STUDY_ROOT_FIND
        command[Element.PRIORITY] = dimse.PRIORITY_MEDIUM
        for _, _, found in responses(association, context, command, _key(instance)):
            if found is not None and found.get("SOPInstanceUID") == str(instance.sop_instance_uid):
                yield str(instance.sop_instance_uid)


def _key(instance: StoredInstance) -> Dataset:
    dataset = Dataset()
    dataset.QueryRetrieveLevel = "IMAGE"
    dataset.StudyInstanceUID = str(instance.study_instance_uid)
    dataset.SeriesInstanceUID = str(instance.series_instance_uid)
    dataset.SOPInstanceUID = str(instance.sop_instance_uid)
    return dataset
