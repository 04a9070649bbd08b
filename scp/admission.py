"""Who may associate: what is asked of the rules, and the checks that stand before them (PS3.8 Section 9.3.4)."""

from dataclasses import dataclass, replace
from typing import Final, Protocol

from access.proofs import Proof
from routing.identity import IdentityType, UserIdentity
from routing.negotiation import APPLICATION_CONTEXT, AssociateRequest
from routing.peer_certificates import PeerCertificate
from routing.rejection import (
    APPLICATION_CONTEXT_UNKNOWN,
    CALLED_AE_UNKNOWN,
    CALLING_AE_UNKNOWN,
    PROTOCOL_VERSION_UNKNOWN,
    Rejection,
)

_PRINTABLE: Final = range(0x20, 0x7F)
_BACKSLASH: Final = 0x5C


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """An admitted peer.

    Parameters
    ----------
    calling_ae_title, called_ae_title
        Titles without padding.
    address
        The peer's address, without port.
    tenant
        The tenant whose objects it sends and sees.
    allowed
        Services it may ask for: echo, store, find, move, get and so on.
    charset
        Specific Character Set it is answered in, where configured.
    name
        The remote AE that is configured for it; blank where there is none.
    report_here
        Whether it is told the result of storage commitment on the association of its request.
    get_without_roles
        Whether it gets objects by C-GET also where it has not proposed itself as SCP of storage.
    """

    calling_ae_title: str
    called_ae_title: str
    address: str
    tenant: str
    allowed: frozenset[str]
    charset: str | None = None
    name: str = ""
    report_here: bool = False
    get_without_roles: bool = False


class Admission(Protocol):
    """The rules."""

    def decide(self, *, calling_ae_title: str, called_ae_title: str, address: str, proof: Proof) -> Caller | Rejection:
        """Admit or refuse a peer by titles, address and what it shows."""


def ae_title(padded: bytes) -> str | None:
    """Read an AE title of a PDU: spaces around it do not count; none when blank or with bytes that PS3.5 6.2 bars."""
    trimmed = padded.strip(b" ")
    if not trimmed or any(byte not in _PRINTABLE or byte == _BACKSLASH for byte in trimmed):
        return None
    return trimmed.decode("ascii")


def shown(padded: bytes) -> str:
    """Make any 16 bytes fit for a log or page: bytes that are no printable ASCII as escapes."""
    return ae_title(padded) or padded.strip(b" ").decode("latin-1").encode("unicode_escape").decode("ascii")


def decide(
    request: AssociateRequest, address: str, rules: Admission, certificate: PeerCertificate | None = None
) -> Caller | Rejection:
    """Check what no rule can allow, then ask the rules."""
    if not request.protocol_version & 1:
        return PROTOCOL_VERSION_UNKNOWN
    if request.application_context != APPLICATION_CONTEXT:
        return APPLICATION_CONTEXT_UNKNOWN
    called = ae_title(request.called_ae_title)
    if called is None:
        return replace(CALLED_AE_UNKNOWN, detail=_odd(request.called_ae_title))
    calling = ae_title(request.calling_ae_title)
    if calling is None:
        return replace(CALLING_AE_UNKNOWN, detail=_odd(request.calling_ae_title))
    proof = _proof(request.user.identity, certificate)
    return rules.decide(calling_ae_title=calling, called_ae_title=called, address=address, proof=proof)


def _odd(padded: bytes) -> str:
    return "it has characters that a title must not have" if padded.strip(b" ") else "it is blank"


def _proof(identity: UserIdentity | None, certificate: PeerCertificate | None) -> Proof:
    proof = Proof()
    if certificate is not None:
        proof = Proof(fingerprint=certificate.fingerprint, subject=certificate.subject)
    if identity is None or identity.kind not in (IdentityType.USERNAME, IdentityType.USERNAME_AND_PASSCODE):
        return proof
    # Padding of either end has no meaning in a name, and some requestors pad to an even length.
    username = identity.primary.decode("utf-8", "replace").strip(" \0")
    password = None
    if identity.kind == IdentityType.USERNAME_AND_PASSCODE:
        password = identity.secondary.decode("utf-8", "replace")
    return replace(proof, username=username, password=password)
