"""What a caller shows beside its AE title, and whether that is what was configured for it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from access.remote_aes import RemoteAE
from config.values import subject_attributes

VerifyPassword = Callable[[str | None, str], bool]
"""Tells whether a password belongs to a hash."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What a caller shows.

    Parameters
    ----------
    username, password
        Of user identity negotiation (PS3.7 Annex D.3.3.7), where it took place.
    fingerprint
        SHA-256 of its certificate, hexadecimal; None without a certificate.
    subject
        Attributes of the certificate's subject, such as `CN=ct1`.
    """

    username: str | None = None
    password: str | None = field(default=None, repr=False)
    fingerprint: str | None = None
    subject: frozenset[str] = frozenset()


NOTHING_SHOWN = Proof()


def shows_certificate(ae: RemoteAE, proof: Proof) -> bool:
    """Tell whether the certificate is the one that is bound to `ae`, if any is."""
    if ae.certificate is None:
        return True
    if proof.fingerprint is None:
        return False
    if "=" in ae.certificate:
        return subject_attributes(ae.certificate) <= proof.subject
    return ae.certificate == proof.fingerprint


def shows_user(ae: RemoteAE, proof: Proof, verify: VerifyPassword) -> bool:
    """Tell whether the user is the one that is configured for `ae`, if any is, with the right password."""
    if ae.user is None:
        return True
    if proof.username != ae.user:
        return False
    return ae.password_hash is None or verify(ae.password_hash, proof.password or "")
