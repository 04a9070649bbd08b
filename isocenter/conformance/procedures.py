"""What the conformance statement says of the modality worklist and of performed procedure steps (PS3.4 K and F)."""

from typing import Final

from isocenter.conformance.document import Section, section
from isocenter.conformance.tables import presentation_contexts, statuses
from scp import contexts
from scp.attribute_find import DEFAULT_MAX_MATCHES
from scp.statuses import Status

_SYNTAXES: Final = "Implicit and Explicit VR Little Endian"
_FIND: Final = (
    (Status.PENDING, "an entry; all keys are supported"),
    (Status.PENDING_KEYS_UNSUPPORTED, "an entry; keys that neither PS3.4 Table K.6-1 nor the entry has are empty"),
    (Status.SUCCESS, "there are no more"),
    (Status.CANCELED, "canceled by the requestor"),
    (Status.NOT_AUTHORIZED, "refused: this AE may not ask for the worklist"),
    (Status.OUT_OF_RESOURCES, "the database is not available, or there are more entries than are sent"),
    (Status.DATA_SET_MISMATCH, "refused: a key has a value that its attribute cannot have"),
    (Status.CANNOT_UNDERSTAND, "refused: the identifier cannot be parsed"),
)
_N_CREATE: Final = (
    (Status.SUCCESS, "the step is kept"),
    (Status.INVALID_ATTRIBUTE_VALUE, "refused: the status is not IN PROGRESS, or a UID is none"),
    (Status.PROCESSING_FAILURE, "refused: the attribute list cannot be parsed, or not be kept now"),
    (Status.DUPLICATE_INSTANCE, "refused: the SOP Instance exists"),
    (Status.INVALID_INSTANCE, "refused: the SOP Instance UID is not valid"),
    (
        (Status.MISSING_ATTRIBUTE, Status.MISSING_ATTRIBUTE_VALUE),
        "refused: an attribute of type 1 is missing, or empty; the Error Comment names it",
    ),
    (Status.NOT_AUTHORIZED, "refused: this AE may not report steps"),
)
_N_SET: Final = (
    (Status.SUCCESS, "the change is kept"),
    (Status.NO_SUCH_ATTRIBUTE, "refused: an attribute that is fixed at creation would change"),
    (Status.INVALID_ATTRIBUTE_VALUE, "refused: the status, or a UID, is none"),
    (
        Status.PROCESSING_FAILURE,
        "refused; with Error ID A710H: the step is COMPLETED or DISCONTINUED and may no longer be updated",
    ),
    (Status.NO_SUCH_INSTANCE, "refused: there is no such SOP Instance"),
    (
        (Status.MISSING_ATTRIBUTE, Status.MISSING_ATTRIBUTE_VALUE),
        "refused: an attribute that the final state needs is missing, or empty",
    ),
    (Status.NOT_AUTHORIZED, "refused: this AE may not report steps"),
)

_N_GET: Final = (
    (Status.SUCCESS, "the attributes that are asked for, or all"),
    (Status.OPTIONAL_ATTRIBUTES_UNSUPPORTED, "the same, without attributes that are not supported"),
    (Status.NO_SUCH_INSTANCE, "refused: there is no such SOP Instance"),
    (Status.NOT_AUTHORIZED, "refused: this AE may not ask for steps"),
)


def worklist() -> Section:
    """Describe the modality worklist."""
    return section(
        "Modality worklist as SCP",
        presentation_contexts([contexts.MODALITY_WORKLIST_FIND], role="SCP", syntaxes=_SYNTAXES),
        "Every attribute of an entry may be asked for and be a matching key, at any level of nesting: by single value, "
        "wildcards, ranges of dates and times, lists of UIDs, sequences. Ranges of Scheduled Procedure Step Start Date "
        "and Time together are one period. Person names match without regard to case, whole or in one component "
        "group; AE titles and codes match exactly. One response is sent for each scheduled procedure step that is "
        f"scheduled or in progress, {DEFAULT_MAX_MATCHES:,} at most. Entries come from the API, from worklist "
        "files, and from HL7 orders (ORM^O01, OMI^O23), posted or dropped as files.",
        statuses("C-FIND", _FIND),
    )


def performed_steps() -> Section:
    """Describe performed procedure steps."""
    return section(
        "Modality performed procedure step as SCP",
        presentation_contexts(
            [contexts.MODALITY_PERFORMED_PROCEDURE_STEP, contexts.MODALITY_PERFORMED_PROCEDURE_STEP_RETRIEVE],
            role="SCP",
            syntaxes=_SYNTAXES,
        ),
        "A step that was scheduled here sets the state of its worklist entry: one that is COMPLETED or DISCONTINUED is "
        "told to modalities no more, but a step discontinued for (110514, DCM) makes its entry scheduled again. A "
        "series of a COMPLETED step is complete when exactly the instances that the step lists are here.",
        statuses("N-CREATE", _N_CREATE),
        statuses("N-SET", _N_SET),
        statuses("N-GET", _N_GET),
    )
