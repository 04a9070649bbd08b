"""Performed procedure steps: what modalities report by MPPS (PS3.4 Annex F), and what follows for the worklist."""

from typing import Any, Final

from sqlalchemy import Connection, RowMapping, select, update

from archive import audit, events
from archive.attribute_lists import AttributeList, items, key, text, with_keywords
from archive.errors import Conflict, NotFound
from archive.event_types import ProcedureStepChanged
from archive.inserting import insert_missing
from archive.pages import listing_of
from archive.procedure_rules import check_change, check_creation, check_end, performed_instances, scheduled_steps
from archive.procedure_states import OPEN_STATES, EntryState, StepState
from archive.tables import performed_instance, procedure_step, worklist_entry
from archive.times import iso

_STATUS: Final = "PerformedProcedureStepStatus"
# (110514, DCM, "Incorrect worklist entry selected"): PS3.16 CID 9300, the step was never this one.
_WRONG_ENTRY: Final = ("110514", "DCM")
# Attributes that every step has, perhaps without value (PS3.4 Table F.8.2-1).
SUPPORTED: Final = frozenset(
    key(keyword)
    for keyword in (
        "ScheduledStepAttributesSequence",
        "PatientName",
        "PatientID",
        "PatientBirthDate",
        "PatientSex",
        "PerformedProcedureStepID",
        "PerformedStationAETitle",
        "PerformedStationName",
        "PerformedLocation",
        "PerformedProcedureStepStartDate",
        "PerformedProcedureStepStartTime",
        _STATUS,
        "PerformedProcedureStepDescription",
        "PerformedProcedureTypeDescription",
        "ProcedureCodeSequence",
        "PerformedProcedureStepEndDate",
        "PerformedProcedureStepEndTime",
        "Modality",
        "StudyID",
        "PerformedProtocolCodeSequence",
        "PerformedSeriesSequence",
    )
)
_COLUMNS: Final = ("id", "sop_instance_uid", "state", "study_uid", "modality", "station_ae_title", "accession_number")
_FILTERS: Final = {name: procedure_step.c[name] for name in _COLUMNS}


def create(
    connection: Connection,
    tenant: str,
    sop_instance_uid: str,
    attributes: AttributeList,
    *,
    calling_ae_title: str,
    now: float,
) -> StepState:
    """Keep a step that a modality has begun (N-CREATE); gives its state.

    Raises
    ------
    Conflict
        The SOP instance exists.
    NodeError
        What `procedure_rules.check_creation` raises.
    """
    check_creation(attributes)
    events.lock_order(connection)
    request = items(attributes, "ScheduledStepAttributesSequence")[0]
    values = {
        "tenant": tenant,
        "sop_instance_uid": sop_instance_uid,
        "state": StepState.IN_PROGRESS.value,
        "study_uid": text(request, "StudyInstanceUID"),
        "modality": text(attributes, "Modality"),
        "station_ae_title": text(attributes, "PerformedStationAETitle"),
        "accession_number": text(request, "AccessionNumber"),
        "calling_ae_title": calling_ae_title,
        "attributes": dict(attributes),
        "created": now,
        "updated": now,
    }
    if not insert_missing(connection, procedure_step, [values]):
        raise Conflict("A procedure step with this SOP Instance UID exists.")
    _set_entries(connection, tenant, attributes, EntryState.IN_PROGRESS, now)
    _record(connection, audit.Action.PROCEDURE_STEP_CREATED, values, calling_ae_title, now)
    return StepState.IN_PROGRESS


def change(
    connection: Connection,
    tenant: str,
    sop_instance_uid: str,
    attributes: AttributeList,
    *,
    calling_ae_title: str,
    now: float,
) -> StepState:
    """Put `attributes` in the place of those of the same name (N-SET); gives the state afterwards.

    Raises
    ------
    NotFound
        There is no such SOP instance.
    NodeError
        What `procedure_rules.check_change` and `check_end` raise.
    """
    events.lock_order(connection)
    row = _locked(connection, tenant, sop_instance_uid)
    check_change(row["attributes"], attributes)
    merged = {**row["attributes"], **attributes}
    state = StepState(text(merged, _STATUS))
    if state is not StepState.IN_PROGRESS:
        check_end(merged)
    values = {"state": state.value, "attributes": merged, "updated": now}
    connection.execute(update(procedure_step).where(procedure_step.c.id == row["id"]).values(values))
    if state is not StepState.IN_PROGRESS:
        _end(connection, row, merged, state, now)
    _record(connection, audit.Action.PROCEDURE_STEP_CHANGED, {**row, **values}, calling_ae_title, now)
    return state


def _end(connection: Connection, row: RowMapping, attributes: AttributeList, state: StepState, now: float) -> None:
    became = EntryState(state.value)
    if state is StepState.DISCONTINUED and _chose_the_wrong_entry(attributes):
        became = EntryState.SCHEDULED
    _set_entries(connection, row["tenant"], attributes, became, now)
    if state is StepState.COMPLETED:
        ids = {"tenant": row["tenant"], "procedure_step_id": row["id"]}
        uids = performed_instances(attributes)
        rows = [{**ids, "series_uid": series, "sop_instance_uid": instance} for series, instance in uids]
        insert_missing(connection, performed_instance, rows)


def _chose_the_wrong_entry(attributes: AttributeList) -> bool:
    reasons = items(attributes, "PerformedProcedureStepDiscontinuationReasonCodeSequence")
    return any((text(item, "CodeValue"), text(item, "CodingSchemeDesignator")) == _WRONG_ENTRY for item in reasons)


def _set_entries(connection: Connection, tenant: str, attributes: AttributeList, state: EntryState, now: float) -> None:
    """Note on the worklist what became of the steps that this one was scheduled as."""
    table = worklist_entry.c
    for study_uid, step_id in scheduled_steps(attributes):
        which = [table.tenant == tenant, table.study_uid == study_uid, table.step_id == step_id]
        # An entry that is done stays so: a second step of it that begins does not bring it back.
        open_only = update(worklist_entry).where(*which, table.state.in_(OPEN_STATES))
        connection.execute(open_only.values(state=state.value, updated=now))


def _locked(connection: Connection, tenant: str, sop_instance_uid: str) -> RowMapping:
    table = procedure_step.c
    which = (table.tenant == tenant, table.sop_instance_uid == sop_instance_uid)
    row = connection.execute(select(procedure_step).where(*which).with_for_update()).mappings().one_or_none()
    if row is None:
        raise NotFound
    return row


def _record(connection: Connection, action: audit.Action, row: Any, calling_ae_title: str, now: float) -> None:
    detail = {"sop_instance_uid": row["sop_instance_uid"], "state": row["state"]}
    ids = {"principal": calling_ae_title, "study_uid": row["study_uid"]}
    audit.append(connection, row["tenant"], action, now=now, detail=detail, **ids)
    about = {"modality": row["modality"], "station_ae_title": row["station_ae_title"]}
    events.append(
        connection, row["tenant"], ProcedureStepChanged(**detail, **about), now=now, study_uid=row["study_uid"]
    )


def attributes_of(connection: Connection, tenant: str, sop_instance_uid: str) -> AttributeList:
    """Return the attributes of a step (N-GET, PS3.4 Section F.8.2); raises NotFound."""
    which = (procedure_step.c.tenant == tenant, procedure_step.c.sop_instance_uid == sop_instance_uid)
    found = connection.execute(select(procedure_step.c.attributes).where(*which)).scalar_one_or_none()
    if found is None:
        raise NotFound
    attributes: AttributeList = found
    return attributes


def as_item(row: RowMapping) -> dict[str, Any]:
    """Show a row as the API does."""
    attributes: AttributeList = row["attributes"]
    series = items(attributes, "PerformedSeriesSequence")
    return {
        **{name: row[name] for name in _COLUMNS},
        "id": str(row["id"]),
        "calling_ae_title": row["calling_ae_title"],
        "patient_id": text(attributes, "PatientID"),
        "series": [text(each, "SeriesInstanceUID") for each in series],
        "instances": len(performed_instances(attributes)),
        "attributes": with_keywords(attributes),
        "created": iso(row["created"]),
        "updated": iso(row["updated"]),
    }


listing: Final = listing_of(procedure_step, _FILTERS, as_item)
"""Lists rows of a tenant, newest first, filtered by the names of their fields."""
