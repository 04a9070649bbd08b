"""The certificate that a peer showed, as far as rules look at it."""

import hashlib
import ssl
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

# Python spells the names out; certificates are written down by the short ones of RFC 4514.
_SHORT: Final = MappingProxyType(
    {
        "commonName": "CN",
        "countryName": "C",
        "localityName": "L",
        "organizationName": "O",
        "organizationalUnitName": "OU",
        "stateOrProvinceName": "ST",
        "serialNumber": "SERIALNUMBER",
        "emailAddress": "EMAILADDRESS",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerCertificate:
    """A certificate that was verified in the handshake.

    Parameters
    ----------
    fingerprint
        SHA-256 of the certificate (DER), hexadecimal.
    subject
        Attributes of its subject, such as `CN=ct1`.
    """

    fingerprint: str
    subject: frozenset[str]


def certificate_of(secured: ssl.SSLSocket) -> PeerCertificate | None:
    """Read the certificate of a connection whose handshake is done; None where none was asked for, or shown."""
    encoded = secured.getpeercert(binary_form=True)
    if not encoded:
        return None
    described: dict[str, Any] = dict(secured.getpeercert() or {})
    names = described.get("subject", ())
    subject = frozenset(f"{_SHORT.get(name, name)}={value}" for rdn in names for name, value in rdn)
    return PeerCertificate(fingerprint=hashlib.sha256(encoded).hexdigest(), subject=subject)
