"""Who may open an association: a decision on titles and address (PS3.8 Section 9.3.4 for the reasons).

An AE title is no credential: anybody can claim one. What is configured for it may therefore also name the networks
that it calls from, and a title that calls from elsewhere is not known.
"""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final, Literal

from access.passwords import verify_password
from access.proofs import NOTHING_SHOWN, Proof, VerifyPassword, shows_certificate, shows_user
from access.remote_aes import RemoteAE
from archive.origin import DEFAULT_TENANT
from config.declared import ALL_SERVICES

# What `dicom.unknown_callers` lets AE titles do that nobody configured.
_UNKNOWN_MAY: Final[dict[str, frozenset[str]]] = {
    "reject": frozenset(),
    "store": frozenset({"echo", "store"}),
    "accept": frozenset(ALL_SERVICES),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """The association may be opened.

    Parameters
    ----------
    remote_ae
        What is configured for the caller; None for one that is let in unknown.
    allowed
        Services it may ask for.
    tenant
        Whose objects it sends and sees.
    """

    remote_ae: RemoteAE | None
    allowed: frozenset[str]
    tenant: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The association is refused, with the values of the A-ASSOCIATE-RJ (PS3.8 Table 9-21).

    Parameters
    ----------
    result, source, reason
        1/1/3 and so on.
    text
        The same for people: "1/1/3 calling AE title not recognized".
    detail
        What the numbers do not tell; for this node's records, not for the peer.
    """

    result: int
    source: int
    reason: int
    text: str
    detail: str = ""


CALLING_NOT_RECOGNIZED: Final = Refused(result=1, source=1, reason=3, text="1/1/3 calling AE title not recognized")
CALLED_NOT_RECOGNIZED: Final = Refused(result=1, source=1, reason=7, text="1/1/7 called AE title not recognized")
FROM_ELSEWHERE: Final = Refused(
    result=1,
    source=1,
    reason=3,
    text="1/1/3 calling AE title not recognized from this address",
    detail="not from this address",
)
OTHER_CERTIFICATE: Final = Refused(
    result=1,
    source=1,
    reason=3,
    text="1/1/3 calling AE title not recognized with this certificate",
    detail="it does not show the certificate that is configured for it",
)
OTHER_USER: Final = Refused(
    result=1,
    source=1,
    reason=1,
    text="1/1/1 no reason given",
    detail="it does not show the user identity that is configured for it",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmissionRules:
    """All that the decision depends on, at one moment.

    Parameters
    ----------
    ae_title
        This node's.
    require_called_ae
        Whether callers must know it.
    unknown_callers
        What becomes of AE titles that nobody configured.
    remote_aes
        Those that somebody did.
    verify
        Checks passwords of user identity negotiation.
    """

    ae_title: str
    require_called_ae: bool
    unknown_callers: Literal["reject", "store", "accept"]
    remote_aes: tuple[RemoteAE, ...]
    verify: VerifyPassword = verify_password

    def decide(
        self, *, calling_ae_title: str, called_ae_title: str, address: str, proof: Proof = NOTHING_SHOWN
    ) -> Admitted | Refused:
        """Admit or refuse a caller. Spaces around titles do not count (PS3.5 Section 6.2, AE); case does."""
        calling, called = calling_ae_title.strip(" "), called_ae_title.strip(" ")
        if self.require_called_ae and called != self.ae_title:
            return CALLED_NOT_RECOGNIZED
        if not _is_ae_title(calling):
            return CALLING_NOT_RECOGNIZED
        configured = [ae for ae in self.remote_aes if ae.ae_title == calling]
        if not configured:
            return self._decide_unknown()
        # One that names its networks speaks more precisely than one that does not.
        refusal = FROM_ELSEWHERE
        for ae in sorted(configured, key=lambda each: not each.source_networks):
            if not _may_call_from(ae, address):
                continue
            if not shows_certificate(ae, proof):
                refusal = OTHER_CERTIFICATE
            elif not shows_user(ae, proof, self.verify):
                refusal = OTHER_USER
            else:
                return Admitted(remote_ae=ae, allowed=frozenset(ae.allowed), tenant=ae.tenant)
        return refusal

    def _decide_unknown(self) -> Admitted | Refused:
        allowed = _UNKNOWN_MAY[self.unknown_callers]
        if not allowed:
            return CALLING_NOT_RECOGNIZED
        return Admitted(remote_ae=None, allowed=allowed, tenant=DEFAULT_TENANT)


def _is_ae_title(text: str) -> bool:
    return bool(text) and text.isascii() and text.isprintable() and "\\" not in text


def _may_call_from(ae: RemoteAE, address: str) -> bool:
    if not ae.source_networks:
        return True
    peer = _parse(address)
    return peer is not None and any(peer in ip_network(network) for network in ae.source_networks)


def _parse(address: str) -> IPv4Address | IPv6Address | None:
    try:
        # Without the zone of a link-local address.
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return None
    # A socket for both families shows IPv4 peers as ::ffff:192.0.2.1.
    return getattr(parsed, "ipv4_mapped", None) or parsed
