"""Which presentation contexts this node accepts, and how (PS3.8 Section 7.1.1.14, PS3.7 Annex D.3.3.4)."""

from collections.abc import Sequence
from typing import Final

import pynetdicom  # noqa: F401  it teaches pydicom the UIDs of newer editions of PS3.6, JPEG XL among them

from archive.storage_classes import is_storage, is_storage_syntax
from routing.negotiation import (
    EXPLICIT_VR_LITTLE_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
    AssociateAccept,
    AssociateRequest,
    ContextAnswer,
    ContextResult,
    ProposedContext,
    Roles,
    UserInformation,
)
from scp.query_options import agreed_options

VERIFICATION: Final = "1.2.840.10008.1.1"
PATIENT_ROOT_FIND: Final = "1.2.840.10008.5.1.4.1.2.1.1"
PATIENT_ROOT_MOVE: Final = "1.2.840.10008.5.1.4.1.2.1.2"
PATIENT_ROOT_GET: Final = "1.2.840.10008.5.1.4.1.2.1.3"
STUDY_ROOT_FIND: Final = "1.2.840.10008.5.1.4.1.2.2.1"
STUDY_ROOT_MOVE: Final = "1.2.840.10008.5.1.4.1.2.2.2"
STUDY_ROOT_GET: Final = "1.2.840.10008.5.1.4.1.2.2.3"
# Retired, and still what some older systems ask with.
PATIENT_STUDY_ONLY_FIND: Final = "1.2.840.10008.5.1.4.1.2.3.1"
PATIENT_STUDY_ONLY_MOVE: Final = "1.2.840.10008.5.1.4.1.2.3.2"
PATIENT_STUDY_ONLY_GET: Final = "1.2.840.10008.5.1.4.1.2.3.3"
MODALITY_WORKLIST_FIND: Final = "1.2.840.10008.5.1.4.31"
MODALITY_PERFORMED_PROCEDURE_STEP: Final = "1.2.840.10008.3.1.2.3.3"
MODALITY_PERFORMED_PROCEDURE_STEP_RETRIEVE: Final = "1.2.840.10008.3.1.2.3.4"
UPS_PUSH: Final = "1.2.840.10008.5.1.4.34.6.1"
UPS_WATCH: Final = "1.2.840.10008.5.1.4.34.6.2"
UPS_PULL: Final = "1.2.840.10008.5.1.4.34.6.3"
UPS_EVENT: Final = "1.2.840.10008.5.1.4.34.6.4"
UPS_QUERY: Final = "1.2.840.10008.5.1.4.34.6.5"

FIND_CLASSES: Final = frozenset({PATIENT_ROOT_FIND, STUDY_ROOT_FIND, PATIENT_STUDY_ONLY_FIND})
MOVE_CLASSES: Final = frozenset({PATIENT_ROOT_MOVE, STUDY_ROOT_MOVE, PATIENT_STUDY_ONLY_MOVE})
GET_CLASSES: Final = frozenset({PATIENT_ROOT_GET, STUDY_ROOT_GET, PATIENT_STUDY_ONLY_GET})
QUERY_RETRIEVE_CLASSES: Final = FIND_CLASSES | MOVE_CLASSES | GET_CLASSES
STORAGE_COMMITMENT_PUSH: Final = "1.2.840.10008.1.20.1"
UPS_REQUEST_CLASSES: Final = frozenset({UPS_PUSH, UPS_WATCH, UPS_PULL})
UPS_QUERY_CLASSES: Final = frozenset({UPS_WATCH, UPS_PULL, UPS_QUERY})
# UPS Event is for reports of this node, over associations of its own.
UPS_CLASSES: Final = UPS_REQUEST_CLASSES | UPS_QUERY_CLASSES
PROCEDURE_CLASSES: Final = UPS_CLASSES | {
    MODALITY_WORKLIST_FIND,
    MODALITY_PERFORMED_PROCEDURE_STEP,
    MODALITY_PERFORMED_PROCEDURE_STEP_RETRIEVE,
}
PATIENT_ROOT_CLASSES: Final = frozenset({PATIENT_ROOT_FIND, PATIENT_ROOT_MOVE, PATIENT_ROOT_GET})
PATIENT_STUDY_ONLY_CLASSES: Final = frozenset(
    {PATIENT_STUDY_ONLY_FIND, PATIENT_STUDY_ONLY_MOVE, PATIENT_STUDY_ONLY_GET}
)

# SOP classes whose data sets are small: identifiers and attribute lists.
_WITHOUT_OBJECTS: Final = (
    frozenset({VERIFICATION, STORAGE_COMMITMENT_PUSH}) | QUERY_RETRIEVE_CLASSES | PROCEDURE_CLASSES
)

# Every AE must offer the implicit one, so that big endian identifiers are never the only choice (PS3.5 Section 10.1).
_LITTLE_ENDIAN: Final = frozenset({IMPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN})
# Video is nothing that anybody decompresses for sending: Video Endoscopic, Microscopic and Photographic.
_VIDEO: Final = frozenset(f"1.2.840.10008.5.1.4.1.1.77.1.{kind}.1" for kind in (1, 2, 4))
_RECEIVES: Final = Roles(scu=False, scp=True)


def is_of_context(sop_class: str, abstract_syntax: str) -> bool:
    """Tell whether a request about `sop_class` may come in a context.

    Workitems are instances of UPS Push in each of the contexts of the service (PS3.4 Section CC.3.1), and performed
    procedure steps those of the class that creates them in the context that retrieves them (PS3.4 Section F.8).
    """
    same = sop_class == abstract_syntax
    of_workitems = sop_class in UPS_CLASSES and abstract_syntax in UPS_CLASSES
    retrieves = abstract_syntax == MODALITY_PERFORMED_PROCEDURE_STEP_RETRIEVE
    return same or of_workitems or (retrieves and sop_class == MODALITY_PERFORMED_PROCEDURE_STEP)


def answer(request: AssociateRequest, *, max_pdu: int) -> AssociateAccept:
    """Answer a request that admission has let in; `max_pdu` is what this side announces."""
    # One operation at a time is all that a thread an association can do; the standard's default is the same.
    window = (1, 1) if request.user.operations_window else None
    return AssociateAccept(
        called_ae_title=request.called_ae_title,
        calling_ae_title=request.calling_ae_title,
        contexts=tuple(
            _answer_context(context, request.user.roles.get(context.abstract_syntax)) for context in request.contexts
        ),
        user=UserInformation(
            max_pdu=max_pdu,
            operations_window=window,
            roles=_answer_roles(request),
            extended=_answer_extended(request),
            is_identity_taken=request.user.identity is not None and request.user.identity.is_answered,
        ),
    )


def _answer_context(context: ProposedContext, roles: Roles | None) -> ContextAnswer:
    result, syntax = _negotiate(context, is_for_receiving=roles == _RECEIVES)
    return ContextAnswer(context_id=context.context_id, result=result, transfer_syntax=syntax)


def _negotiate(context: ProposedContext, *, is_for_receiving: bool) -> tuple[ContextResult, str]:
    first = context.transfer_syntaxes[0] if context.transfer_syntaxes else IMPLICIT_VR_LITTLE_ENDIAN
    if context.abstract_syntax in _WITHOUT_OBJECTS:
        acceptable = _LITTLE_ENDIAN.__contains__
    elif is_storage(context.abstract_syntax):
        acceptable = is_storage_syntax
    else:
        return ContextResult.ABSTRACT_SYNTAX_NOT_SUPPORTED, first
    for syntax in _preferred(context) if is_for_receiving else context.transfer_syntaxes:
        if acceptable(syntax):
            return ContextResult.ACCEPTED, syntax
    return ContextResult.TRANSFER_SYNTAXES_NOT_SUPPORTED, first


def _preferred(context: ProposedContext) -> Sequence[str]:
    """Order the transfer syntaxes of who only receives, by C-GET: first those in which every image can be sent.

    What is stored compressed can be decompressed for it, but nothing is compressed. In all other contexts it is the
    proposer's order that counts: it knows best what it need not convert.
    """
    if context.abstract_syntax in _VIDEO:
        return context.transfer_syntaxes
    return sorted(context.transfer_syntaxes, key=lambda syntax: syntax not in _LITTLE_ENDIAN)


def _answer_extended(request: AssociateRequest) -> dict[str, bytes]:
    """Agree to options of queries and retrieval, of the SOP classes that the requestor proposes."""
    proposed = {context.abstract_syntax for context in request.contexts} & QUERY_RETRIEVE_CLASSES
    return {
        uid: agreed_options(information, find=uid in FIND_CLASSES)
        for uid, information in request.user.extended.items()
        if uid in proposed and information
    }


def _answer_roles(request: AssociateRequest) -> dict[str, Roles]:
    """Agree to whatever roles a requestor wants for storage and for commitment.

    SCP is what it needs to get objects by C-GET, and to report on what we asked it to commit (PS3.4 Section J.3.3).
    Only for SOP classes that it proposes; others have no meaning, and thousands of them would not fit an answer.
    """
    proposed = {context.abstract_syntax for context in request.contexts}
    return {uid: roles for uid, roles in request.user.roles.items() if uid in proposed and _has_roles(uid)}


def _has_roles(abstract_syntax: str) -> bool:
    return abstract_syntax == STORAGE_COMMITMENT_PUSH or is_storage(abstract_syntax)
