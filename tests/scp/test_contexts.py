"""Which presentation contexts are accepted."""

import subprocess
import sys

import pytest
from pydicom.uid import UID, AllTransferSyntaxes
from pynetdicom.presentation import AllStoragePresentationContexts

from archive.non_patient_classes import KINDS
from archive.storage_classes import is_storage, is_storage_syntax
from routing.negotiation import AssociateRequest, ProposedContext, Roles, UserInformation
from scp.contexts import answer

IMPLICIT = "1.2.840.10008.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"
JPEG = "1.2.840.10008.1.2.4.50"
BIG_ENDIAN = "1.2.840.10008.1.2.2"
MPEG4 = "1.2.840.10008.1.2.4.102"
CT = "1.2.840.10008.5.1.4.1.1.2"
VIDEO = "1.2.840.10008.5.1.4.1.1.77.1.1.1"
MR = "1.2.840.10008.5.1.4.1.1.4"
STUDY_ROOT_FIND = "1.2.840.10008.5.1.4.1.2.2.1"


def propose(abstract: str, *transfers: str, **user: object) -> tuple[int, str]:
    context = ProposedContext(context_id=1, abstract_syntax=abstract, transfer_syntaxes=transfers)
    request = AssociateRequest(
        called_ae_title=b"A",
        calling_ae_title=b"B",
        contexts=(context,),
        user=UserInformation(max_pdu=0, **user),  # type: ignore[arg-type]  # whatever the test says
    )
    accepted = answer(request, max_pdu=1000).contexts[0]
    return accepted.result, accepted.transfer_syntax


@pytest.mark.parametrize("abstract", [context.abstract_syntax for context in AllStoragePresentationContexts])
def test_every_storage_class_of_the_standard_is_stored(abstract: str) -> None:
    assert is_storage(abstract)


@pytest.mark.parametrize("abstract", sorted(sop_class for kind in KINDS.values() for sop_class in kind.sop_classes))
def test_what_belongs_to_no_patient_is_stored(abstract: str) -> None:
    assert is_storage(abstract)


@pytest.mark.parametrize("abstract", ["1.2.826.0.1.3680043.9.9", "1.3.12.2.1107.5.9.1", "1.2.840.10008.5.1.4.1.1.999"])
def test_private_and_newer_storage_classes_are_stored(abstract: str) -> None:
    assert is_storage(abstract)


@pytest.mark.parametrize(
    "abstract",
    [
        "1.2.840.10008.1.20.2",  # storage commitment, pull model, retired
        "1.2.840.10008.5.1.4.32.1",  # general purpose worklist, retired
        "1.2.840.10008.5.1.1.9",  # basic grayscale print
        "1.2.840.10008.5.1.4.1.1.200.4",  # a FIND below the storage root
        "1.2.840.10008.5.1.4.38.2",  # a FIND of hanging protocols
        "not a uid",
        "",
    ],
)
def test_what_is_not_storage_and_not_served_gets_result_3(abstract: str) -> None:
    assert propose(abstract, IMPLICIT)[0] == 3


@pytest.mark.parametrize("syntax", AllTransferSyntaxes)
def test_every_transfer_syntax_of_the_standard_is_stored_unless_it_is_for_streams(syntax: UID) -> None:
    assert is_storage_syntax(syntax) is not syntax.startswith("1.2.840.10008.1.2.7.")


def test_the_first_acceptable_syntax_of_the_proposer_is_taken() -> None:
    assert propose(CT, "1.2.3.4", JPEG, EXPLICIT) == (0, JPEG)
    assert propose(CT, EXPLICIT, JPEG) == (0, EXPLICIT)


def test_who_only_receives_is_offered_what_everything_can_be_sent_in() -> None:
    """As getscu and others propose for C-GET: what they like best, and what everybody can send, in one context."""
    receives = {uid: Roles(scu=False, scp=True) for uid in (CT, VIDEO)}
    assert propose(CT, JPEG, BIG_ENDIAN, EXPLICIT, IMPLICIT, roles=receives) == (0, EXPLICIT)
    assert propose(CT, JPEG, IMPLICIT, EXPLICIT, roles=receives) == (0, IMPLICIT)
    assert propose(CT, JPEG, roles=receives) == (0, JPEG)
    # Nobody decompresses video.
    assert propose(VIDEO, MPEG4, EXPLICIT, roles=receives) == (0, MPEG4)
    # Who sends too has chosen with regard to what it has.
    assert propose(CT, JPEG, EXPLICIT, roles={CT: Roles(scu=True, scp=True)}) == (0, JPEG)


@pytest.mark.parametrize("syntax", ["1.2.3.4", "1.2.840.113619.5.2", "1.2.840.10008.1.2.6.1"])
def test_a_private_or_useless_transfer_syntax_gets_result_4(syntax: str) -> None:
    assert propose(CT, syntax) == (4, syntax)


def test_queries_are_not_compressed() -> None:
    assert propose(STUDY_ROOT_FIND, JPEG) == (4, JPEG)
    assert propose(STUDY_ROOT_FIND, JPEG, IMPLICIT) == (0, IMPLICIT)


def test_roles_for_proposed_storage_are_agreed_to_and_others_left_out() -> None:
    roles = {uid: Roles(scu=False, scp=True) for uid in (CT, MR, STUDY_ROOT_FIND)}
    contexts = tuple(
        ProposedContext(context_id=number, abstract_syntax=uid, transfer_syntaxes=(IMPLICIT,))
        for number, uid in ((1, CT), (3, STUDY_ROOT_FIND))
    )
    request = AssociateRequest(
        called_ae_title=b"A", calling_ae_title=b"B", contexts=contexts, user=UserInformation(max_pdu=0, roles=roles)
    )
    assert answer(request, max_pdu=1000).user.roles == {CT: Roles(scu=False, scp=True)}


@pytest.mark.parametrize("tail", ["x", "?", "1" * 60, "1" * 60_000])
def test_what_only_looks_like_a_standard_uid_is_not_accepted(tail: str) -> None:
    assert not is_storage("1.2.840.10008.5.1.4.1.1." + tail)
    assert not is_storage_syntax("1.2.840.10008.1.2." + tail)


def test_made_up_uids_are_not_remembered_for_ever() -> None:
    for number in range(3_000):
        assert is_storage(f"1.2.3.{number}")
        assert not is_storage_syntax(f"1.2.3.{number}")
    for cached in (is_storage, is_storage_syntax):
        assert cached.cache_info().currsize < 3_000


def test_an_operations_window_is_answered_with_one_each() -> None:
    request = AssociateRequest(
        called_ae_title=b"A",
        calling_ae_title=b"B",
        contexts=(),
        user=UserInformation(max_pdu=0, operations_window=(0, 16)),
    )
    assert answer(request, max_pdu=1000).user.operations_window == (1, 1)


def test_the_newest_transfer_syntaxes_are_known_without_the_listener() -> None:
    question = (
        "from archive.storage_classes import is_storage_syntax; print(is_storage_syntax('1.2.840.10008.1.2.4.110'))"
    )
    done = subprocess.run([sys.executable, "-c", question], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"
