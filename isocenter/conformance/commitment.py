"""What the conformance statement says of storage commitment, as SCP and as SCU (PS3.4 Annex J)."""

from typing import Final

from isocenter.conformance.document import Section, section, table
from isocenter.conformance.tables import presentation_contexts, statuses
from scp import contexts
from scp.statuses import Status

_ACTION_STATUSES: Final = (
    (Status.SUCCESS, "the request is kept, and will be reported on"),
    (Status.NO_SUCH_INSTANCE, "refused: not the well-known SOP Instance"),
    (
        Status.INVALID_ARGUMENT_VALUE,
        "refused: Action Information without valid UIDs, or a Transaction UID in use for other objects",
    ),
    (Status.NO_SUCH_ACTION, "refused: not Action Type 1"),
    (Status.NOT_AUTHORIZED, "refused: this AE may not ask for commitment"),
    (Status.RESOURCE_LIMITATION, "refused: the request cannot be kept now; worth another attempt"),
)
_FAILURE_REASONS: Final = (
    ("0110H", "the file is damaged or gone"),
    ("0112H", "there is no such object"),
    ("0119H", "the object has another SOP class"),
)


def commitment() -> Section:
    """Describe storage commitment in both directions."""
    return section(
        "Storage commitment",
        presentation_contexts(
            [contexts.STORAGE_COMMITMENT_PUSH], role="SCP, SCU", syntaxes="Implicit and Explicit VR Little Endian"
        ),
        section(
            "As SCP",
            "Each object is read from the disk again and compared with the hash of what arrived. The report "
            "(N-EVENT-REPORT) goes over a new association, with role selection (SCP), or over that of the request "
            'where the AE has `commitment_report = "same"` or is not configured; it is repeated until it is taken, for '
            "about 16 hours. The same request again is examined and reported again.",
            statuses("N-ACTION", _ACTION_STATUSES),
            table(("Failure Reason", "Meaning"), _FAILURE_REASONS),
        ),
        section(
            "As SCU",
            "Delivered objects are confirmed by a request for commitment where the remote AE accepts one, else by "
            "C-FIND at image level (Study Root). Reports are taken on the association of the request, and on those "
            "that the AE which was asked opens, with role selection.",
        ),
    )
