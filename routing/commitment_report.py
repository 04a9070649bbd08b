"""N-EVENT-REPORT of the Storage Commitment Push Model, as SCP (PS3.4 Section J.3.3)."""

from collections.abc import Iterable
from typing import Final

from pydicom import Dataset

from archive.commitments import Commitment
from routing import dimse
from routing.association import Association
from routing.confirmation import COMMITMENT, COMMITMENT_INSTANCE
from routing.dimse import CommandField, Element
from routing.errors import NoContextAccepted, WireError
from routing.exchange import encode_data_set, receive_response
from routing.negotiation import EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN, Context, Roles
from routing.peers import Peer
from routing.requestor import number_contexts, open_association

# Event Type IDs, PS3.4 Table J.3-2.
_ALL_COMMITTED: Final = 1
_FAILURES_EXIST: Final = 2


def send_over_new_association(peer: Peer, commitment: Commitment) -> None:
    """Call the requester, in the role of the SCP, and report (PS3.7 Annex D.3.3.4 for the role).

    Raises
    ------
    WireError
        When it does not take the report; its text says why.
    """
    syntaxes = (EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN)
    # A peer that accepts the context but is silent on roles is asked too: many do not know role selection.
    roles = {COMMITMENT: Roles(scu=False, scp=True)}
    try:
        association = open_association(peer, number_contexts([(COMMITMENT, syntaxes)]), roles=roles)
    except NoContextAccepted:
        raise NoContextAccepted("the peer does not accept Storage Commitment with us as SCP") from None
    try:
        context = next(iter(association.contexts.values()))
        command = send(association, context, commitment, peer.calling_ae_title)
        status = dimse.number(receive_response(association, command).command, Element.STATUS)
    except WireError:
        association.abort()
        raise
    association.release()
    require_success(status)


def send(association: Association, context: Context, commitment: Commitment, ae_title: str) -> dimse.Command:
    """Send the report without waiting for the answer; gives the command. `ae_title` is ours."""
    command = dimse.request(CommandField.N_EVENT_REPORT, association.next_message_id(), data_set=True)
    command[Element.AFFECTED_SOP_CLASS_UID] = COMMITMENT
    command[Element.AFFECTED_SOP_INSTANCE_UID] = COMMITMENT_INSTANCE
    command[Element.EVENT_TYPE_ID] = _FAILURES_EXIST if commitment.failures else _ALL_COMMITTED
    data_set = encode_data_set(_event_information(commitment, ae_title), context.transfer_syntax)
    association.send(context.context_id, command, data_set)
    return command


def require_success(status: int) -> None:
    """Refuse any status but success.

    Raises
    ------
    WireError
        The requester did not take the report.
    """
    if status:
        raise WireError(f"N-EVENT-REPORT answered with status {status:04X}H")


def _event_information(commitment: Commitment, ae_title: str) -> Dataset:
    """All objects that were asked about stand in one of the two sequences (PS3.4 Table J.3-2)."""
    failed = {failure[:2] for failure in commitment.failures}
    kept = [item for item in commitment.items if item not in failed]
    dataset = Dataset()
    dataset.TransactionUID = commitment.transaction_uid
    dataset.RetrieveAETitle = ae_title
    if kept:
        dataset.ReferencedSOPSequence = references(kept)
    if commitment.failures:
        dataset.FailedSOPSequence = references(failure[:2] for failure in commitment.failures)
        for item, failure in zip(dataset.FailedSOPSequence, commitment.failures, strict=True):
            item.FailureReason = failure.reason
    return dataset


def references(items: Iterable[tuple[str, str]]) -> list[Dataset]:
    """Write pairs of SOP class and instance as the items of a sequence (PS3.3 Table 10-11)."""
    written = []
    for sop_class_uid, sop_instance_uid in items:
        item = Dataset()
        item.ReferencedSOPClassUID = sop_class_uid
        item.ReferencedSOPInstanceUID = sop_instance_uid
        written.append(item)
    return written
