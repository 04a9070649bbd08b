"""User identity sub-items on the wire (PS3.7 Annex D.3.3.7)."""

import pytest
from pynetdicom.pdu_items import UserIdentitySubItemRQ

from routing.identity import IdentityType, UserIdentity, decode_identity, encode_identity
from routing.pdu import ProtocolViolation


@pytest.mark.parametrize(
    "identity",
    [
        UserIdentity(kind=1, primary=b"scanner"),
        UserIdentity(kind=2, primary=b"scanner", secondary=b"secret", positive_response=True),
        UserIdentity(kind=4, primary=b"<saml/>" * 1000, positive_response=True),
    ],
)
def test_what_is_written_is_read(identity: UserIdentity) -> None:
    assert decode_identity(encode_identity(identity)) == identity


def test_another_implementation_reads_what_is_written() -> None:
    content = encode_identity(UserIdentity(kind=2, primary=b"scanner", secondary=b"secret", positive_response=True))
    item = UserIdentitySubItemRQ()
    item.decode(b"\x58\x00" + len(content).to_bytes(2, "big") + content)
    assert (item.primary_field, item.secondary_field, item.positive_response_requested) == (b"scanner", b"secret", 1)


def test_a_missing_second_length_is_tolerated() -> None:
    assert decode_identity(b"\x01\x00\x00\x02ab").primary == b"ab"


@pytest.mark.parametrize("body", [b"", b"\x01", b"\x01\x00\x00", b"\x01\x00\x00\x05ab", b"\x02\x00\x00\x01a\x00\x09x"])
def test_what_is_cut_off_is_a_violation(body: bytes) -> None:
    with pytest.raises(ProtocolViolation):
        decode_identity(body)


def test_only_user_names_are_answered() -> None:
    answered = {
        kind for kind in IdentityType if UserIdentity(kind=kind, primary=b"x", positive_response=True).is_answered
    }
    assert answered == {IdentityType.USERNAME, IdentityType.USERNAME_AND_PASSCODE}
    assert not UserIdentity(kind=1, primary=b"x").is_answered


def test_secrets_are_not_in_its_representation() -> None:
    assert "secret" not in repr(UserIdentity(kind=2, primary=b"scanner", secondary=b"secret"))
