"""What the conformance statement says of C-MOVE and C-GET as SCP (PS3.4 Sections C.4.2 and C.4.3)."""

from typing import Final

from isocenter.conformance.document import Section, Table, points, section
from isocenter.conformance.tables import presentation_contexts, statuses
from scp import contexts
from scp.statuses import Status

_COMMON: Final = (
    (Status.PENDING, "sub-operations are continuing; with their counts"),
    (Status.SUCCESS, "all sub-operations succeeded, or there was nothing to send"),
    (Status.SUBOPERATIONS_WITH_FAILURES, "some failed or ended with warnings; Failed SOP Instance UID List"),
    (Status.SUBOPERATIONS_NOT_PERFORMED, "all failed; Failed SOP Instance UID List"),
    (Status.CANCELED, "canceled by the requestor; with the counts so far"),
    (Status.NO_MATCHES_COUNTED, "refused: the index is not available"),
    (Status.DATA_SET_MISMATCH, "refused: the unique key of the level is missing, or the identifier is wrong"),
    (Status.CANNOT_UNDERSTAND, "refused: the identifier cannot be parsed, or the request cannot be carried out"),
    (Status.SOP_CLASS_NOT_SUPPORTED, "refused: not the SOP class of the presentation context"),
    (Status.NOT_AUTHORIZED, "refused: this AE may not retrieve in this way"),
)
_MOVE: Final = (*_COMMON, (Status.MOVE_DESTINATION_UNKNOWN, "refused: the destination is no remote AE of the tenant"))


def retrieval() -> Section:
    """Describe both ways to retrieve."""
    return section(
        "Retrieve (C-MOVE, C-GET) as SCP",
        section("C-MOVE", _contexts(contexts.MOVE_CLASSES), statuses("C-MOVE", _MOVE)),
        section(
            "C-GET",
            _contexts(contexts.GET_CLASSES),
            "Objects come in the presentation contexts that the requestor proposed for storage with the SCP role (SCP/"
            "SCU role selection); a remote AE with `get_without_roles` gets them without that too.",
            statuses("C-GET", _COMMON),
        ),
        section(
            "Behaviour of both",
            points(
                "All levels, and lists of UIDs in the unique key of the level. Relational retrieval is agreed on "
                "(extended negotiation, PS3.4 Sections C.5.2.1 and C.5.3.1); unique keys above the level are honoured "
                "where they are given.",
                "Objects are sent as stored, or decompressed where the receiver accepts nothing else.",
                "Move Originator AE Title and Message ID are sent with C-MOVE sub-operations.",
            ),
        ),
    )


def _contexts(uids: frozenset[str]) -> Table:
    return presentation_contexts(
        sorted(uids), role="SCP", syntaxes="Implicit and Explicit VR Little Endian", extended="relational retrieval"
    )
