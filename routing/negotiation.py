"""What two AEs tell each other in A-ASSOCIATE: the values, without encoding (PS3.8 Section 7.1, PS3.7 Annex D.3)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from routing.identity import UserIdentity

APPLICATION_CONTEXT: Final = "1.2.840.10008.3.1.1.1"
# Registered under the 2.25 arc (PS3.5 Annex B.2); names this implementation, not an installation.
IMPLEMENTATION_CLASS_UID: Final = "2.25.301845729410263318527449601772853916204"
IMPLEMENTATION_VERSION_NAME: Final = "ISOCENTER_0_1"
MAX_CONTEXTS: Final = 128

IMPLICIT_VR_LITTLE_ENDIAN: Final = "1.2.840.10008.1.2"
EXPLICIT_VR_LITTLE_ENDIAN: Final = "1.2.840.10008.1.2.1"
EXPLICIT_VR_BIG_ENDIAN: Final = "1.2.840.10008.1.2.2"


class ContextResult(IntEnum):
    """Result of one presentation context, PS3.8 Table 9-18."""

    ACCEPTED = 0
    USER_REJECTION = 1
    NO_REASON = 2
    ABSTRACT_SYNTAX_NOT_SUPPORTED = 3
    TRANSFER_SYNTAXES_NOT_SUPPORTED = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedContext:
    """A presentation context as the requestor proposes it, transfer syntaxes in its order of preference."""

    context_id: int
    abstract_syntax: str
    transfer_syntaxes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextAnswer:
    """The acceptor's answer to one proposed context; the transfer syntax has a meaning only when accepted."""

    context_id: int
    result: ContextResult
    transfer_syntax: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """SCP/SCU role selection for one SOP class, as seen by the requestor (PS3.7 Annex D.3.3.4)."""

    scu: bool
    scp: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UserInformation:
    """The user information item of either side (PS3.7 Annex D.3.3).

    Parameters
    ----------
    max_pdu
        Largest P-DATA-TF body the sender of this item takes, in bytes; 0 is no limit.
    implementation_class_uid, implementation_version_name
        Who implemented the sender.
    operations_window
        Asynchronous operations invoked and performed; None when not negotiated (one each).
    roles
        Role selection for a SOP class UID.
    extended
        SOP class extended negotiation, application information for a SOP class UID.
    identity
        User identity, of the requestor.
    is_identity_taken
        Whether the acceptor answers the requestor's user identity.
    """

    max_pdu: int
    implementation_class_uid: str = IMPLEMENTATION_CLASS_UID
    implementation_version_name: str = IMPLEMENTATION_VERSION_NAME
    operations_window: tuple[int, int] | None = None
    roles: Mapping[str, Roles] = field(default_factory=dict)
    extended: Mapping[str, bytes] = field(default_factory=dict)
    identity: UserIdentity | None = None
    is_identity_taken: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AssociateRequest:
    """An A-ASSOCIATE-RQ. The titles are the 16 bytes of the PDU: whether they make sense is for admission to say."""

    called_ae_title: bytes
    calling_ae_title: bytes
    contexts: tuple[ProposedContext, ...]
    user: UserInformation
    application_context: str = APPLICATION_CONTEXT
    protocol_version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class AssociateAccept:
    """An A-ASSOCIATE-AC. The titles repeat those of the request (PS3.8 Table 9-17)."""

    called_ae_title: bytes
    calling_ae_title: bytes
    contexts: tuple[ContextAnswer, ...]
    user: UserInformation
    application_context: str = APPLICATION_CONTEXT


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """A presentation context both sides agreed on.

    Parameters
    ----------
    context_id
        Odd number, 1 to 255.
    abstract_syntax, transfer_syntax
        What it is for, and how data sets in it are encoded.
    requestor_scu, requestor_scp
        Roles of the side that asked for the association.
    extended
        Application information of SOP class extended negotiation, as the acceptor answered it; empty without.
    """

    context_id: int
    abstract_syntax: str
    transfer_syntax: str
    requestor_scu: bool = True
    requestor_scp: bool = False
    extended: bytes = b""


def agreed(request: AssociateRequest, accept: AssociateAccept) -> dict[int, Context]:
    """Combine proposal and answer to the contexts that may be used, by context ID."""
    proposed = {context.context_id: context for context in request.contexts}
    contexts = {}
    for answer in accept.contexts:
        proposal = proposed.get(answer.context_id)
        if answer.result != ContextResult.ACCEPTED or proposal is None:
            continue
        if answer.transfer_syntax not in proposal.transfer_syntaxes:
            continue
        # Without an answer the default roles hold, whatever was proposed (PS3.7 Annex D.3.3.4).
        roles = accept.user.roles.get(proposal.abstract_syntax, Roles(scu=True, scp=False))
        contexts[answer.context_id] = Context(
            context_id=answer.context_id,
            abstract_syntax=proposal.abstract_syntax,
            transfer_syntax=answer.transfer_syntax,
            requestor_scu=roles.scu,
            requestor_scp=roles.scp,
            extended=accept.user.extended.get(proposal.abstract_syntax, b""),
        )
    return contexts
