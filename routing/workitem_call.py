"""The association on which a subscriber is told of workitems: N-EVENT-REPORT of UPS Event (PS3.4 Section CC.2.4)."""

from typing import Final

from archive.workitem_reports import Report
from routing import dimse
from routing.association import Association
from routing.attribute_data_sets import data_set_of
from routing.commitment_report import require_success
from routing.dimse import CommandField, Element
from routing.errors import NoContextAccepted, Unreachable, WireError
from routing.exchange import encode_data_set, receive_response
from routing.negotiation import EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN, Context, Roles
from routing.peers import Peer
from routing.requestor import number_contexts, open_association

EVENT: Final = "1.2.840.10008.5.1.4.34.6.4"
# All workitems are instances of UPS Push (PS3.4 Section CC.3.1).
PUSH: Final = "1.2.840.10008.5.1.4.34.6.1"
_UNKNOWN: Final = "there is no remote AE with this title"


class NotEncodable(WireError):
    """A report that cannot be written: no repetition helps."""


class SubscriberCall:
    """An association with a subscriber, opened with the first report.

    Parameters
    ----------
    peer
        The subscriber; None where no remote AE has its title.
    """

    def __init__(self, peer: Peer | None) -> None:
        self.peer = peer
        self._association: Association | None = None

    def report(self, report: Report) -> None:
        """Send a report and wait for its answer.

        Raises
        ------
        WireError
            It was not taken; its text says why.
        """
        if self.peer is None:
            raise Unreachable(_UNKNOWN)
        if self._association is None:
            self._association = _open(self.peer)
        try:
            status = _report(self._association, report)
        except NotEncodable:
            raise
        except WireError:
            self._association.abort()
            self._association = None
            raise
        require_success(status)

    def end(self) -> None:
        """Release the association."""
        if self._association is not None:
            self._association.release()


def _open(peer: Peer) -> Association:
    syntaxes = (EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN)
    try:
        # The reporting side is the SCP (PS3.7 Annex D.3.3.4), whoever asks for the association.
        roles = {EVENT: Roles(scu=False, scp=True)}
        return open_association(peer, number_contexts([(EVENT, syntaxes)]), roles=roles)
    except NoContextAccepted:
        raise NoContextAccepted("the peer does not accept UPS Event with us as SCP") from None


def _report(association: Association, report: Report) -> int:
    context: Context = next(iter(association.contexts.values()))
    command = dimse.request(CommandField.N_EVENT_REPORT, association.next_message_id(), data_set=True)
    command[Element.AFFECTED_SOP_CLASS_UID] = PUSH
    command[Element.AFFECTED_SOP_INSTANCE_UID] = report.sop_instance_uid
    command[Element.EVENT_TYPE_ID] = report.event_type
    try:
        data_set = encode_data_set(data_set_of(report.information), context.transfer_syntax)
    except ValueError:
        raise NotEncodable("the report cannot be encoded") from None
    association.send(context.context_id, command, data_set)
    return dimse.number(receive_response(association, command).command, Element.STATUS)
