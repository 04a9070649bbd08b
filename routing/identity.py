"""User identity negotiation, PS3.7 Annex D.3.3.7: who uses the calling AE, as it says of itself."""

from dataclasses import dataclass, field
from enum import IntEnum
from struct import Struct
from typing import Final

from routing.pdu import AbortReason, ProtocolViolation

_UINT16: Final = Struct(">H")
_HEADER: Final = 2


class IdentityType(IntEnum):
    """User-Identity-Type, PS3.7 Table D.3-14."""

    USERNAME = 1
    USERNAME_AND_PASSCODE = 2
    KERBEROS = 3
    SAML = 4
    JWT = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class UserIdentity:
    """What a requestor says of its user.

    Parameters
    ----------
    kind
        User-Identity-Type; a number beyond `IdentityType` is one of a later edition.
    primary
        User name, or ticket, assertion or token.
    secondary
        Passcode, for that type only.
    positive_response
        Whether the acceptor is to say that it took it.
    """

    kind: int
    primary: bytes = field(repr=False)
    secondary: bytes = field(default=b"", repr=False)
    positive_response: bool = False

    @property
    def is_answered(self) -> bool:
        """Whether a response is due. Of tickets and tokens there is none: this node cannot check them."""
        return self.positive_response and self.kind in (IdentityType.USERNAME, IdentityType.USERNAME_AND_PASSCODE)


def decode_identity(body: bytes) -> UserIdentity:
    """Read a user identity sub-item of an A-ASSOCIATE-RQ (58H); raises ProtocolViolation when it is cut off."""
    if len(body) < _HEADER:
        raise _cut_off()
    primary, rest = _sized(body[_HEADER:])
    # Some requestors leave the second length out where the type has no second field.
    secondary = _sized(rest)[0] if rest else b""
    return UserIdentity(kind=body[0], positive_response=body[1] == 1, primary=primary, secondary=secondary)


def encode_identity(identity: UserIdentity) -> bytes:
    """Write the content of a user identity sub-item."""
    head = bytes((identity.kind, identity.positive_response))
    return head + _prefixed(identity.primary) + _prefixed(identity.secondary)


def encode_identity_response() -> bytes:
    """Write the content of the response (59H): for user names it says nothing but that it is there."""
    return _prefixed(b"")


def _prefixed(value: bytes) -> bytes:
    return _UINT16.pack(len(value)) + value


def _sized(body: bytes) -> tuple[bytes, bytes]:
    if len(body) < _UINT16.size:
        raise _cut_off()
    end = _UINT16.size + int(_UINT16.unpack_from(body)[0])
    if end > len(body):
        raise _cut_off()
    return body[_UINT16.size : end], body[end:]


def _cut_off() -> ProtocolViolation:
    return ProtocolViolation("user identity cut off", AbortReason.INVALID_PARAMETER)
