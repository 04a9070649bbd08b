"""What a performed procedure step must and may say: PS3.4 Table F.7.2-1, for N-CREATE, N-SET and the final state."""

from collections.abc import Sequence
from typing import Any, Final

from archive.attribute_lists import AttributeList, has_value, items, key, text
from archive.errors import NodeError
from archive.procedure_states import StepState
from archive.uids import is_valid_uid


class AttributeMissing(NodeError):
    """An attribute that is required is missing."""


class ValueMissing(NodeError):
    """An attribute that must have a value has none."""


class ValueNotAllowed(NodeError):
    """An attribute has a value that it cannot have."""


class AttributeNotAllowed(NodeError):
    """An attribute may not be changed after the creation of a procedure step."""


class StepFinal(NodeError):
    """A procedure step that is completed or discontinued may not be changed."""


_STATUS: Final = "PerformedProcedureStepStatus"
_SCHEDULED: Final = "ScheduledStepAttributesSequence"
_SERIES: Final = "PerformedSeriesSequence"
# Type 1 in N-CREATE for the SCU.
_AT_CREATION: Final = (
    _SCHEDULED,
    "PerformedProcedureStepID",
    "PerformedStationAETitle",
    "PerformedProcedureStepStartDate",
    "PerformedProcedureStepStartTime",
    _STATUS,
    "Modality",
)
# Not allowed in N-SET.
_FIXED: Final = tuple(
    key(keyword)
    for keyword in (
        _SCHEDULED,
        "PatientName",
        "PatientID",
        "PatientBirthDate",
        "PatientSex",
        "ReferencedPatientSequence",
        "PerformedProcedureStepID",
        "PerformedStationAETitle",
        "PerformedStationName",
        "PerformedLocation",
        "PerformedProcedureStepStartDate",
        "PerformedProcedureStepStartTime",
        "Modality",
        "StudyID",
    )
)
_AT_THE_END: Final = ("PerformedProcedureStepEndDate", "PerformedProcedureStepEndTime")
_OF_SERIES: Final = ("SeriesInstanceUID", "ProtocolName")
_INSTANCES: Final = ("ReferencedImageSequence", "ReferencedNonImageCompositeSOPInstanceSequence")


def check_creation(attributes: AttributeList) -> None:
    """Check the attributes of an N-CREATE.

    Raises
    ------
    AttributeMissing, ValueMissing
        A required attribute is not there, or empty.
    ValueNotAllowed
        The status is not IN PROGRESS (PS3.4 F.7.2.1.2), or a UID is none.
    """
    require(attributes, _AT_CREATION)
    if text(attributes, _STATUS) != StepState.IN_PROGRESS:
        raise ValueNotAllowed(f"{_STATUS} must be {StepState.IN_PROGRESS.value}.")
    for item in items(attributes, _SCHEDULED):
        require(item, ("StudyInstanceUID",))
        _require_uid(item, "StudyInstanceUID")


def check_change(current: AttributeList, change: AttributeList) -> None:
    """Check the attributes of an N-SET against those of the step.

    A fixed attribute that is sent again with the value it has changes nothing, and is let through: some modalities
    send all they know each time.

    Raises
    ------
    StepFinal
        The step is completed or discontinued.
    AttributeNotAllowed
        An attribute is changed that is fixed at creation.
    ValueNotAllowed
        The status is none.
    """
    if text(current, _STATUS) != StepState.IN_PROGRESS:
        raise StepFinal
    if any(name in change and list(change[name]) != list(current.get(name, ())) for name in _FIXED):
        raise AttributeNotAllowed
    if key(_STATUS) in change and text(change, _STATUS) not in set(StepState):
        raise ValueNotAllowed(f"{_STATUS} is not known.")


def check_end(attributes: AttributeList) -> None:
    """Check a step that ends, with all its attributes: the final state column of the table.

    Of a discontinued step there may be no series.

    Raises
    ------
    AttributeMissing, ValueMissing, ValueNotAllowed
        As for the creation.
    """
    require(attributes, _AT_THE_END)
    if text(attributes, _STATUS) == StepState.COMPLETED:
        require(attributes, (_SERIES,))
    for series in items(attributes, _SERIES):
        require(series, _OF_SERIES)
        _require_uid(series, "SeriesInstanceUID")


def performed_instances(attributes: AttributeList) -> list[tuple[str, str]]:
    """Return series and SOP Instance UIDs that a step lists, each once, valid ones only."""
    found: dict[tuple[str, str], Any] = {}
    for series in items(attributes, _SERIES):
        for sequence in _INSTANCES:
            for reference in items(series, sequence):
                uids = text(series, "SeriesInstanceUID"), text(reference, "ReferencedSOPInstanceUID")
                if is_valid_uid(uids[1]):
                    found[uids] = None
    return list(found)


def scheduled_steps(attributes: AttributeList) -> list[tuple[str, str]]:
    """Return Study Instance UID and Scheduled Procedure Step ID of what a step was scheduled as; none if it was not."""
    pairs = [
        (text(item, "StudyInstanceUID"), text(item, "ScheduledProcedureStepID"))
        for item in items(attributes, _SCHEDULED)
    ]
    return [(study_uid, step_id) for study_uid, step_id in pairs if step_id]


def require(attributes: AttributeList, keywords: Sequence[str]) -> None:
    """Refuse attributes of type 1 that are missing or empty (PS3.5 Section 7.4.1).

    Raises
    ------
    AttributeMissing, ValueMissing
        One is; the detail names it.
    """
    for keyword in keywords:
        if key(keyword) not in attributes:
            raise AttributeMissing(f"{keyword} is missing.")
        if not has_value(attributes, keyword):
            raise ValueMissing(f"{keyword} has no value.")


def _require_uid(attributes: AttributeList, keyword: str) -> None:
    if not is_valid_uid(text(attributes, keyword)):
        raise ValueNotAllowed(f"{keyword} is not a UID.")
