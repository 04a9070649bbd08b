"""What the conformance statement says of verification, and of what this node asks of others as SCU."""

from typing import Final

from isocenter.conformance.document import Section, points, section, table
from isocenter.conformance.tables import presentation_contexts, statuses
from routing.availability import AVAILABILITY
from routing.remote_query import PATIENT_ROOT_FIND, STUDY_ROOT_FIND
from scp import contexts
from scp.statuses import Status

_SYNTAXES: Final = "Explicit and Implicit VR Little Endian"
_ECHO: Final = (
    (Status.SUCCESS, "this node answers"),
    (Status.NOT_AUTHORIZED, "refused: this AE may not ask"),
)
_RETRIEVED: Final = (
    ("0000H", "the retrieval is complete"),
    ("B000H", "it is partial: the record names how many objects failed"),
    ("FE00H", "it was canceled"),
    ("any other", "it failed; the record says what the status means, and what was negotiated"),
)
_NOTIFIED: Final = (
    ("0000H, 0107H, 0116H", "the notification was taken"),
    ("any other, or none", "it is repeated with pauses up to 5 minutes, for about 16 hours"),
)


def verification() -> Section:
    """Describe C-ECHO."""
    return section(
        "Verification",
        presentation_contexts(
            [contexts.VERIFICATION], role="SCP, SCU", syntaxes="Implicit and Explicit VR Little Endian"
        ),
        "As SCU: when a person tests the connection to a remote AE.",
        statuses("C-ECHO", _ECHO),
    )


def remote_archives() -> Section:
    """Describe queries to, and retrieval from, other archives."""
    return section(
        "Query/Retrieve as SCU",
        presentation_contexts(
            [PATIENT_ROOT_FIND, STUDY_ROOT_FIND, contexts.STUDY_ROOT_MOVE, contexts.STUDY_ROOT_GET],
            role="SCU",
            syntaxes=_SYNTAXES,
        ),
        points(
            "Queries at any level, hierarchical, with keys that a person gives; the character set is ISO_IR 192 where "
            "a key needs it.",
            "C-GET: the SOP classes of a study are asked for first, and proposed with the SCP role; compressed "
            "transfer syntaxes in contexts of their own, as many as fit.",
            "C-MOVE: the destination is this node's AE title, which the other archive must know.",
            "What is retrieved is received like any object, with the same checks.",
        ),
        table(("Final status", "What follows"), _RETRIEVED),
    )


def availability() -> Section:
    """Describe instance availability notification."""
    return section(
        "Instance availability notification as SCU",
        presentation_contexts([AVAILABILITY], role="SCU", syntaxes=_SYNTAXES),
        "Remote AEs with `availability` are told of each received series that is complete, and of each series of "
        "results (PS3.4 Annex R): one N-CREATE a series, every instance with Instance Availability ONLINE and the AE "
        "title of this node. Referenced Performed Procedure Step Sequence is empty.",
        table(("N-CREATE status", "What follows"), _NOTIFIED),
    )
