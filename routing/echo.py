"""C-ECHO to a remote AE, with a reason when it fails (PS3.7 Section 9.1.5)."""

from dataclasses import dataclass
from time import perf_counter
from typing import Final

from routing.dimse import CommandField, Element, request
from routing.errors import NoContextAccepted, WireError
from routing.exchange import responses
from routing.negotiation import EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN
from routing.peers import Peer
from routing.requestor import number_contexts, open_association

VERIFICATION: Final = "1.2.840.10008.1.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class EchoResult:
    """What came of a C-ECHO.

    Parameters
    ----------
    ok
        Whether the peer answered success.
    milliseconds
        From connecting to the answer.
    message
        Words for an administrator.
    """

    ok: bool
    milliseconds: int
    message: str


def echo(peer: Peer) -> EchoResult:
    """Ask `peer` whether it is there."""
    begun = perf_counter()
    try:
        message = _echo(peer)
    except NoContextAccepted:
        message = "the association was accepted, but not the Verification service"
    except WireError as error:
        message = str(error)
    milliseconds = round((perf_counter() - begun) * 1000)
    return EchoResult(ok=not message, milliseconds=milliseconds, message=message or "C-ECHO succeeded")


def _echo(peer: Peer) -> str:
    """Carry out the C-ECHO; gives what was wrong, or nothing."""
    syntaxes = (EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN)
    association = open_association(peer, number_contexts([(VERIFICATION, syntaxes)]))
    command = request(CommandField.C_ECHO, association.next_message_id(), data_set=False)
    command[Element.AFFECTED_SOP_CLASS_UID] = VERIFICATION
    try:
        context = next(iter(association.contexts.values()))
        status = next(status for status, _, _ in responses(association, context, command))
    except WireError:
        association.abort()
        raise
    association.release()
    return f"C-ECHO answered with status {status:04X}H" if status else ""
