"""Workitems for tests, as keyword attribute lists, and what is done with them."""

from typing import Any

from archive import workitems
from archive.attribute_lists import from_keywords
from archive.database import Database
from archive.workitem_performing import Performing
from archive.workitem_search import Source, get
from archive.workitem_states import Outcome

TENANT = "default"
UID, LOCK, OTHER_LOCK = "1.2.826.0.1.3680043.8.498.21", "1.2.826.0.1.3680043.8.498.22", "1.2.3.4.5"
NOW = 1_000_000.0
NOBODY = Performing()


def item_code(value: str, scheme: str = "DCM", meaning: str = "something") -> dict[str, Any]:
    return {"CodeValue": value, "CodingSchemeDesignator": scheme, "CodeMeaning": meaning}


def scheduled(**changes: Any) -> dict[str, Any]:
    """Write what an N-CREATE says."""
    return {
        "ProcedureStepState": "SCHEDULED",
        "ScheduledProcedureStepPriority": "MEDIUM",
        "ProcedureStepLabel": "Lung nodules",
        "WorklistLabel": "AI",
        "ScheduledProcedureStepStartDateTime": "20260706093000",
        "InputReadinessState": "READY",
        "PatientName": "Müller^Änne",
        "PatientID": "P1",
        "ScheduledWorkitemCodeSequence": [item_code("110004", meaning="Computer Aided Detection")],
        **changes,
    }


def performed(*outputs: dict[str, Any]) -> dict[str, Any]:
    """Write what must be said before the step is COMPLETED."""
    item = {
        "PerformedStationNameCodeSequence": [item_code("ENGINE", "99TEST")],
        "PerformedProcedureStepStartDateTime": "20260706093100",
        "PerformedWorkitemCodeSequence": [item_code("110004")],
        "PerformedProcedureStepEndDateTime": "20260706093200",
        "OutputInformationSequence": list(outputs),
    }
    return {"UnifiedProcedureStepPerformedProcedureSequence": [item]}


def output(study_uid: str, series_uid: str, *instances: tuple[str, str]) -> dict[str, Any]:
    """Write an item of Output Information: pairs of SOP class and instance."""
    return {
        "TypeOfInstances": "DICOM",
        "StudyInstanceUID": study_uid,
        "SeriesInstanceUID": series_uid,
        "ReferencedSOPSequence": [
            {"ReferencedSOPClassUID": sop_class, "ReferencedSOPInstanceUID": uid} for sop_class, uid in instances
        ],
    }


def create(database: Database, uid: str = UID, **changes: Any) -> Outcome:
    return keep(database, scheduled(**changes), uid)


def keep(database: Database, attributes: dict[str, Any], uid: str = UID) -> Outcome:
    """Do an N-CREATE."""
    return database.write(workitems.create, TENANT, uid, from_keywords(attributes), principal="RIS", now=NOW)


def put(
    database: Database, attributes: dict[str, Any], *, lock: str = "", uid: str = UID, performing: Performing = NOBODY
) -> Outcome:
    """Do an N-SET."""
    change = from_keywords({**attributes, **({"TransactionUID": lock} if lock else {})})
    return database.write(workitems.change, TENANT, uid, change, performing, now=NOW)


def move(
    database: Database,
    state: str,
    lock: str = LOCK,
    *,
    uid: str = UID,
    performing: Performing = NOBODY,
    now: float = NOW,
) -> Outcome:
    """Do a Change UPS State."""
    action = from_keywords({"ProcedureStepState": state, **({"TransactionUID": lock} if lock else {})})
    return database.write(workitems.change_state, TENANT, uid, action, performing, principal="ENGINE", now=now)


def ask_to_cancel(database: Database, uid: str = UID, reason: str = "not needed") -> Outcome:
    action = from_keywords({"ReasonForCancellation": reason})
    return database.write(workitems.request_cancel, TENANT, uid, action, requesting_ae="RIS", now=NOW)


def shown(database: Database, uid: str = UID, source: Source | None = None) -> dict[str, Any]:
    return database.read(get, TENANT, uid, source or Source())


def state(database: Database, uid: str = UID) -> str:
    found: str = shown(database, uid)["00741000"][0]
    return found
