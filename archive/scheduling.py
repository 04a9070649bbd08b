"""Worklist entries: the scheduled procedure steps that modalities ask for (PS3.4 Annex K)."""

import uuid
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from archive import audit
from archive.attribute_lists import AttributeList, has_value, items, key, text, texts, with_keywords
from archive.errors import NotFound, NotParsable
from archive.matching import normalize_text
from archive.pages import listing_of
from archive.procedure_states import EntryState
from archive.scheduling_times import is_date, is_time
from archive.tables import worklist_entry
from archive.times import iso
from archive.uids import is_valid_uid

STEPS: Final = "ScheduledProcedureStepSequence"
# What PS3.4 Table K.6-1 wants answered with a value, and nobody but the one who schedules can say.
_REQUIRED: Final = ("PatientName", "PatientID", "StudyInstanceUID")
_REQUIRED_OF_STEP: Final = (
    "ScheduledStationAETitle",
    "ScheduledProcedureStepStartDate",
    "ScheduledProcedureStepStartTime",
    "Modality",
)
_API: Final[Mapping[str, Any]] = {"source": "api"}
_FILTERS: Final = {
    "id": worklist_entry.c.id,
    "state": worklist_entry.c.state,
    "source": worklist_entry.c.source,
    "study_uid": worklist_entry.c.study_uid,
    "patient_id": worklist_entry.c.patient_id,
    "accession_number": worklist_entry.c.accession_number,
    "modality": worklist_entry.c.modality,
    "start_date": worklist_entry.c.start_date,
}


def require_complete(attributes: AttributeList) -> None:
    """Refuse an entry that modalities could not be told.

    Raises
    ------
    NotParsable
        An attribute that must have a value has none, or one that is no UID, date or time.
    """
    steps = items(attributes, STEPS)
    if len(steps) != 1:
        raise NotParsable(f"{STEPS} must have one item.")
    missing = [keyword for keyword in _REQUIRED if not has_value(attributes, keyword)]
    missing += [keyword for keyword in _REQUIRED_OF_STEP if not has_value(steps[0], keyword)]
    if missing:
        raise NotParsable(f"There is no value of {', '.join(missing)}.")
    if not is_valid_uid(text(attributes, "StudyInstanceUID")):
        raise NotParsable("StudyInstanceUID is not a UID.")
    if not is_date(text(steps[0], "ScheduledProcedureStepStartDate")):
        raise NotParsable("ScheduledProcedureStepStartDate is not a date: YYYYMMDD.")
    if not is_time(text(steps[0], "ScheduledProcedureStepStartTime")):
        raise NotParsable("ScheduledProcedureStepStartTime is not a time: HHMM or HHMMSS.")


def completed(attributes: AttributeList) -> dict[str, Any]:
    """Fill in the identifiers that must have a value and that nobody gave: the node makes them."""
    filled: dict[str, Any] = dict(attributes)
    if not has_value(filled, "StudyInstanceUID"):
        # PS3.5 Section B.2: a UID made of a UUID is unique without a root of one's own.
        filled[key("StudyInstanceUID")] = [f"2.25.{uuid.uuid4().int}"]
    made = uuid.uuid4().hex[:16].upper()
    if not has_value(filled, "RequestedProcedureID"):
        filled[key("RequestedProcedureID")] = [text(filled, "AccessionNumber") or made]
    steps = [dict(step) for step in items(filled, STEPS)]
    for step in steps:
        if not has_value(step, "ScheduledProcedureStepID"):
            step[key("ScheduledProcedureStepID")] = [made]
    return {**filled, key(STEPS): steps}


def columns_of(attributes: AttributeList) -> dict[str, Any]:
    """Return what the columns of a row repeat of an entry's attributes."""
    step = items(attributes, STEPS)[0]
    patient_id = text(attributes, "PatientID")
    return {
        "study_uid": text(attributes, "StudyInstanceUID"),
        "step_id": text(step, "ScheduledProcedureStepID"),
        "accession_number": text(attributes, "AccessionNumber"),
        "patient_id": patient_id,
        "patient_id_match": normalize_text(patient_id),
        "modality": text(step, "Modality"),
        "start_date": text(step, "ScheduledProcedureStepStartDate").replace(".", ""),
        "attributes": dict(attributes),
    }


def add(
    connection: Connection,
    tenant: str,
    attributes: AttributeList,
    *,
    principal: str,
    now: float,
    origin: Mapping[str, Any] = _API,
) -> dict[str, Any]:
    """Schedule a step; identifiers that are missing are made. `origin` has the columns that say where it is from.

    Raises
    ------
    NotParsable
        Something that must have a value has none.
    """
    filled = completed(attributes)
    require_complete(filled)
    state = EntryState.SCHEDULED.value
    values = {"tenant": tenant, **origin, "state": state, "created": now, "updated": now, **columns_of(filled)}
    row = connection.execute(insert(worklist_entry).values(values).returning(*worklist_entry.c)).mappings().one()
    _record(connection, audit.Action.WORKLIST_CREATED, row, principal, now)
    return as_item(row)


def replace(
    connection: Connection, tenant: str, entry_id: int, attributes: AttributeList, *, principal: str, now: float
) -> dict[str, Any]:
    """Put other attributes in the place of an entry's; identifiers that are left out stay.

    Raises
    ------
    NotFound
        There is no such entry.
    NotParsable
        Something that must have a value has none.
    """
    known = _row(connection, tenant, entry_id, lock=True)
    filled = completed(_with_identifiers(attributes, known["attributes"]))
    require_complete(filled)
    change = update(worklist_entry).where(worklist_entry.c.id == entry_id)
    changed = change.values(updated=now, **columns_of(filled)).returning(*worklist_entry.c)
    row = connection.execute(changed).mappings().one()
    _record(connection, audit.Action.WORKLIST_CHANGED, row, principal, now)
    return as_item(row)


def _with_identifiers(attributes: AttributeList, known: AttributeList) -> dict[str, Any]:
    kept = {name: known.get(name, []) for name in (key("StudyInstanceUID"), key("RequestedProcedureID"))}
    step_id = key("ScheduledProcedureStepID")
    own = {step_id: items(known, STEPS)[0].get(step_id, [])}
    return {**kept, **attributes, key(STEPS): [{**own, **step} for step in items(attributes, STEPS)]}


def remove(connection: Connection, tenant: str, entry_id: int, *, principal: str, now: float) -> None:
    """Take an entry off the worklist.

    Raises
    ------
    NotFound
        There is no such entry.
    """
    row = _row(connection, tenant, entry_id, lock=True)
    connection.execute(delete(worklist_entry).where(worklist_entry.c.id == entry_id))
    _record(connection, audit.Action.WORKLIST_DELETED, row, principal, now)


def get(connection: Connection, tenant: str, entry_id: int) -> dict[str, Any]:
    """Return one entry as the API shows it; raises NotFound."""
    return as_item(_row(connection, tenant, entry_id))


def _row(connection: Connection, tenant: str, entry_id: int, *, lock: bool = False) -> RowMapping:
    statement = select(worklist_entry).where(worklist_entry.c.id == entry_id, worklist_entry.c.tenant == tenant)
    statement = statement.with_for_update() if lock else statement
    row = connection.execute(statement).mappings().one_or_none()
    if row is None:
        raise NotFound
    return row


def _record(connection: Connection, action: audit.Action, row: RowMapping, principal: str, now: float) -> None:
    detail = {"id": str(row["id"]), "source": row["source"]}
    study_uid = row["study_uid"]
    audit.append(connection, row["tenant"], action, principal=principal, now=now, study_uid=study_uid, detail=detail)


def as_item(row: RowMapping) -> dict[str, Any]:
    """Show a row as the API does."""
    step = items(row["attributes"], STEPS)[0]
    return {
        "id": str(row["id"]),
        "source": row["source"],
        "file": row["file_name"],
        "state": row["state"],
        "study_uid": row["study_uid"],
        "patient_id": row["patient_id"],
        "patient_name": text(row["attributes"], "PatientName"),
        "accession_number": row["accession_number"],
        "modality": row["modality"],
        "station_ae_titles": list(texts(step, "ScheduledStationAETitle")),
        "start_date": row["start_date"],
        "start_time": text(step, "ScheduledProcedureStepStartTime"),
        "attributes": with_keywords(row["attributes"]),
        "created": iso(row["created"]),
        "updated": iso(row["updated"]),
    }


listing: Final = listing_of(worklist_entry, _FILTERS, as_item)
"""Lists rows of a tenant, newest first, filtered by the names of their fields."""
