"""How an association can fail. An error's text says why in words an administrator can act on."""

from routing.rejection import Rejection


class WireError(Exception):
    """The association could not be made or came to an end."""


class ConnectionLost(WireError):
    """The TCP connection ended without A-RELEASE or A-ABORT."""


class TimedOut(WireError):
    """The peer was silent, or slower than the time a PDU may take."""


class PeerAborted(WireError):
    """The peer sent an A-ABORT."""

    def __init__(self, source: int, reason: int) -> None:
        who = "service user" if source == 0 else "service provider"
        super().__init__(f"aborted by the peer ({who}, reason {reason})")
        self.source = source
        self.reason = reason


class Unreachable(WireError):
    """No TCP connection to the peer could be made."""


class HandshakeFailed(WireError):
    """No TLS connection could be agreed on: one side does not trust the other, or they have no version in common."""


class AssociationRejected(WireError):
    """The peer answered A-ASSOCIATE-RJ."""

    def __init__(self, rejection: Rejection) -> None:
        super().__init__(f"association refused: {rejection.text}")
        self.rejection = rejection


class NoContextAccepted(WireError):
    """The peer accepted the association but none of the presentation contexts that are needed."""


class RequestRefused(WireError):
    """The peer answered a request with a failure; the association has nothing to do with it."""
