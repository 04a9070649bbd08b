"""Options of queries are agreed on exactly as far as they are supported (PS3.4 Section C.5)."""

import pytest

from routing.negotiation import AssociateRequest, ProposedContext, UserInformation
from scp.contexts import PATIENT_ROOT_GET, STUDY_ROOT_FIND, VERIFICATION, answer
from tests.scp.wire import IMPLICIT


def negotiate(uid: str, options: bytes, proposed: str | None = None) -> dict[str, bytes]:
    request = AssociateRequest(
        called_ae_title=b"A",
        calling_ae_title=b"B",
        contexts=(ProposedContext(context_id=1, abstract_syntax=proposed or uid, transfer_syntaxes=(IMPLICIT,)),),
        user=UserInformation(max_pdu=0, extended={uid: options}),
    )
    return dict(answer(request, max_pdu=1000).user.extended)


@pytest.mark.parametrize(
    ("uid", "asked", "agreed"),
    [
        (STUDY_ROOT_FIND, b"\1", b"\1"),
        (STUDY_ROOT_FIND, b"\0", b"\0"),
        (STUDY_ROOT_FIND, b"\1\1\1\1\1", b"\1\1\1\1\0"),
        (STUDY_ROOT_FIND, b"\0\1\0", b"\0\1\0"),
        (STUDY_ROOT_FIND, b"\1\2\xff", b"\1\0\0"),
        (STUDY_ROOT_FIND, b"\1" * 40, b"\1\1\1\1\0"),
        (PATIENT_ROOT_GET, b"\1\1", b"\1\0"),
    ],
)
def test_what_is_proposed_and_supported_is_agreed_on(uid: str, asked: bytes, agreed: bytes) -> None:
    assert negotiate(uid, asked) == {uid: agreed}


def test_options_of_classes_without_any_or_not_proposed_are_not_answered() -> None:
    assert negotiate(VERIFICATION, b"\1") == {}
    assert negotiate(STUDY_ROOT_FIND, b"\1", proposed=VERIFICATION) == {}
    assert negotiate(STUDY_ROOT_FIND, b"") == {}
