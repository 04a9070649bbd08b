"""What a workitem must and may say: PS3.4 Table CC.2.5-3, for creation, change and the final state."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from archive.attribute_lists import AttributeList, has_value, items, key, text
from archive.errors import NodeError
from archive.procedure_rules import AttributeMissing, AttributeNotAllowed, ValueMissing, ValueNotAllowed, require
from archive.scheduling_times import is_date_time
from archive.uids import is_valid_uid
from archive.workitem_errors import (
    FinalStateNotMet,
    NoLongerUpdated,
    NotCreatedScheduled,
    NotInProgress,
    OnlyCreatedScheduled,
    WrongTransaction,
)
from archive.workitem_states import FINAL, WorkitemState

STATE: Final = "ProcedureStepState"
TRANSACTION: Final = "TransactionUID"
PROGRESS: Final = "ProcedureStepProgressInformationSequence"
PERFORMED: Final = "UnifiedProcedureStepPerformedProcedureSequence"
INPUT: Final = "InputInformationSequence"
OUTPUT: Final = "OutputInformationSequence"
DEFAULT_WORKLIST: Final = "DEFAULT"

# Type 1 in N-CREATE.
_AT_CREATION: Final = (
    STATE,
    "ScheduledProcedureStepPriority",
    "ProcedureStepLabel",
    "ScheduledProcedureStepStartDateTime",
    "InputReadinessState",
)
_ADMISSION: Final = (
    "AdmissionID",
    "IssuerOfAdmissionIDSequence",
    "AdmittingDiagnosesDescription",
    "AdmittingDiagnosesCodeSequence",
    "ReferencedRequestSequence",
)
_PATIENT: Final = ("PatientName", "PatientID", "PatientBirthDate", "PatientSex")
# Type 2 in N-CREATE: kept without value where the creator leaves them out.
_WITHOUT_VALUE: Final = (
    "ScheduledProcessingParametersSequence",
    "ScheduledStationNameCodeSequence",
    "ScheduledStationClassCodeSequence",
    "ScheduledStationGeographicLocationCodeSequence",
    "ScheduledWorkitemCodeSequence",
    "CommentsOnTheScheduledProcedureStep",
    INPUT,
    *_PATIENT,
    *_ADMISSION,
    PROGRESS,
    PERFORMED,
)
# Not allowed in N-SET: the relationship module, and what identifies the instance.
_FIXED: Final = tuple(
    key(keyword)
    for keyword in (
        "SOPClassUID",
        "SOPInstanceUID",
        *_PATIENT,
        "IssuerOfPatientID",
        *_ADMISSION,
        "ReplacedProcedureStepSequence",
    )
)
_TERMS: Final = {
    "ScheduledProcedureStepPriority": ("HIGH", "MEDIUM", "LOW"),
    "InputReadinessState": ("INCOMPLETE", "UNAVAILABLE", "READY"),
}
_MOMENTS: Final = ("ScheduledProcedureStepStartDateTime", "ExpectedCompletionDateTime")
_UIDS: Final = tuple(key(keyword) for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "ReferencedSOPInstanceUID"))
# "P" in the final state column: of each item of what was performed.
_PERFORMED_WITH: Final = (
    "PerformedStationNameCodeSequence",
    "PerformedProcedureStepStartDateTime",
    "PerformedWorkitemCodeSequence",
    "PerformedProcedureStepEndDateTime",
)
_FULL: Final = 100.0


def check_creation(attributes: AttributeList) -> dict[str, Any]:
    """Check the attributes of an N-CREATE; gives them with those that the node fills in.

    Raises
    ------
    AttributeMissing, ValueMissing
        An attribute of type 1 is not there, or empty.
    NotCreatedScheduled
        The state is another than SCHEDULED.
    ValueNotAllowed
        A value is none of its attribute's, or there is one where a new workitem has none.
    """
    require(attributes, _AT_CREATION)
    if text(attributes, STATE) != WorkitemState.SCHEDULED:
        raise NotCreatedScheduled
    for keyword in (TRANSACTION, PROGRESS, PERFORMED):
        if has_value(attributes, keyword):
            raise ValueNotAllowed(f"{keyword} must be empty.")
    _check_values(attributes)
    empty: dict[str, list[str]] = {key(keyword): [] for keyword in _WITHOUT_VALUE}
    filled = {**empty, **without_locks(attributes)}
    if not has_value(filled, "WorklistLabel"):
        filled[key("WorklistLabel")] = [DEFAULT_WORKLIST]
    return filled


def check_change(
    state: str, lock: str, known: AttributeList, change: AttributeList, transaction_uid: str
) -> dict[str, Any]:
    """Check the attributes of an N-SET; gives those that change.

    A fixed attribute that is sent again with the value it has changes nothing, and is let through.

    Parameters
    ----------
    state, lock, known
        State, Transaction UID and attributes of the workitem.
    change, transaction_uid
        What is asked for; the Transaction UID apart.

    Raises
    ------
    NoLongerUpdated, NotInProgress, WrongTransaction
        The state, or the lock, does not allow it (PS3.4 Section CC.2.6.2).
    OnlyCreatedScheduled, AttributeNotAllowed
        The state, or an attribute that is fixed at creation, would change.
    ValueNotAllowed
        A value is none of its attribute's.
    """
    if state in FINAL:
        raise NoLongerUpdated
    if state == WorkitemState.SCHEDULED and transaction_uid:
        raise NotInProgress
    if state == WorkitemState.IN_PROGRESS and transaction_uid != lock:
        raise WrongTransaction
    if text(change, STATE) not in ("", state):
        raise OnlyCreatedScheduled if text(change, STATE) == WorkitemState.SCHEDULED else AttributeNotAllowed(STATE)
    if any(name in change and list(change[name]) != list(known.get(name, ())) for name in _FIXED):
        raise AttributeNotAllowed
    changed = {name: row for name, row in without_locks(change).items() if name not in _FIXED}
    for keyword in _AT_CREATION[1:]:
        if key(keyword) in changed and not has_value(changed, keyword):
            raise ValueMissing(f"{keyword} has no value.")
    _check_values(changed)
    return changed


def check_completion(attributes: AttributeList) -> None:
    """Check a workitem that is to become COMPLETED (PS3.4 Section CC.2.5.1.3).

    Raises
    ------
    FinalStateNotMet
        Something that was performed is not told; the detail names it.
    """
    performed = items(attributes, PERFORMED)
    if not performed:
        raise FinalStateNotMet(f"{PERFORMED} has no item.")
    for item in performed:
        missing = [keyword for keyword in _PERFORMED_WITH if not has_value(item, keyword)]
        # Of type 2: a step may have no output, but must say so.
        missing += [] if key(OUTPUT) in item else [OUTPUT]
        if missing:
            raise FinalStateNotMet(f"There is no {', '.join(missing)}.")


def without_locks(attributes: AttributeList) -> dict[str, Any]:
    """Leave out what stands in columns, and what is never shown (PS3.4 Section CC.2.7.3)."""
    apart = {key(STATE), key(TRANSACTION)}
    return {name: row for name, row in attributes.items() if name not in apart}


def references(sequence: Sequence[AttributeList]) -> list[tuple[str, str, str]]:
    """Return study, series and SOP Instance UID of all that Input or Output Information names, each once."""
    found: dict[tuple[str, str, str], None] = {}
    for item in sequence:
        for reference in items(item, "ReferencedSOPSequence"):
            uids = (text(item, "StudyInstanceUID"), text(item, "SeriesInstanceUID"))
            found[(*uids, text(reference, "ReferencedSOPInstanceUID"))] = None
    return list(found)


def _check_values(attributes: AttributeList) -> None:
    for keyword, terms in _TERMS.items():
        if has_value(attributes, keyword) and text(attributes, keyword) not in terms:
            raise ValueNotAllowed(f"{keyword} is none of {', '.join(terms)}.")
    for keyword in _MOMENTS:
        if has_value(attributes, keyword) and not is_date_time(text(attributes, keyword)):
            raise ValueNotAllowed(f"{keyword} is no date and time.")
    for item in items(attributes, PROGRESS):
        if has_value(item, "ProcedureStepProgress") and not _is_percentage(text(item, "ProcedureStepProgress")):
            raise ValueNotAllowed("ProcedureStepProgress is no number from 0 to 100.")
    _check_uids(attributes)


def _check_uids(attributes: AttributeList) -> None:
    for name, row in attributes.items():
        for value in row:
            if isinstance(value, Mapping):
                _check_uids(value)
            elif name in _UIDS and value and not is_valid_uid(value):
                raise ValueNotAllowed("A UID is none.")


def _is_percentage(value: str) -> bool:
    try:
        return 0.0 <= float(value) <= _FULL
    except ValueError:
        return False


REFUSALS: Final[tuple[type[NodeError], ...]] = (AttributeMissing, ValueMissing, ValueNotAllowed, AttributeNotAllowed)
"""What is wrong with the attributes themselves, as against the state of the workitem."""
