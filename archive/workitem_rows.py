"""Rows of workitems: found, made, changed; every change of state is told to the subscribers."""

import uuid
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, select, update

from archive import workitem_watches
from archive.attribute_lists import AttributeList, has_value, items, key, text
from archive.errors import NotFound
from archive.inserting import insert_missing
from archive.matching import normalize_text
from archive.tables import workitem
from archive.times import dicom_moment
from archive.uids import is_valid_uid
from archive.workitem_errors import WorkitemExists
from archive.workitem_reports import report, state_information
from archive.workitem_rules import PERFORMED, PROGRESS, STATE
from archive.workitem_states import FINAL, Event, WorkitemState

PUSH: Final = "1.2.840.10008.5.1.4.34.6.1"
_ASSIGNED: Final = tuple(
    key(keyword) for keyword in ("ScheduledStationNameCodeSequence", "ScheduledHumanPerformersSequence")
)


def new_uid() -> str:
    """Make a SOP Instance UID (PS3.5 Section B.2)."""
    return f"2.25.{uuid.uuid4().int}"


def find(connection: Connection, tenant: str, sop_instance_uid: str) -> RowMapping:
    """Return a workitem; raises NotFound."""
    return _one(connection, tenant, sop_instance_uid, lock=False)


def lock(connection: Connection, tenant: str, sop_instance_uid: str) -> RowMapping:
    """Return a workitem that nobody else changes until this transaction ends; raises NotFound."""
    return _one(connection, tenant, sop_instance_uid, lock=True)


def _one(connection: Connection, tenant: str, sop_instance_uid: str, *, lock: bool) -> RowMapping:
    if not is_valid_uid(sop_instance_uid):
        # No database is asked for what may not even be text.
        raise NotFound
    which = (workitem.c.tenant == tenant, workitem.c.sop_instance_uid == sop_instance_uid)
    statement = select(workitem).where(*which)
    row = connection.execute(statement.with_for_update() if lock else statement).mappings().one_or_none()
    if row is None:
        raise NotFound
    return row


def add(
    connection: Connection, tenant: str, sop_instance_uid: str, attributes: AttributeList, *, now: float, **values: Any
) -> RowMapping:
    """Keep a new workitem, and tell those who wait for such.

    Raises
    ------
    WorkitemExists
        The SOP instance exists.
    """
    fields = {
        "tenant": tenant,
        "sop_instance_uid": sop_instance_uid,
        "state": WorkitemState.SCHEDULED.value,
        "patient_id_match": normalize_text(text(attributes, "PatientID")),
        "attributes": {**attributes, _MODIFIED: [dicom_moment(now)]},
        "created": now,
        "updated": now,
        **values,
    }
    if not insert_missing(connection, workitem, [fields]):
        raise WorkitemExists
    row = find(connection, tenant, sop_instance_uid)
    workitem_watches.subscribe_watchers(connection, row, shown(row), now=now)
    if any(row["attributes"].get(name) for name in _ASSIGNED):
        tell_assignment(connection, row, now=now)
    return row


_MODIFIED: Final = key("ScheduledProcedureStepModificationDateTime")
_OF_PERFORMANCE: Final = {key(PROGRESS), key(PERFORMED)}


def change(connection: Connection, row: RowMapping, changed: AttributeList, *, now: float) -> RowMapping:
    """Put `changed` in the place of attributes of the same name, and tell the subscribers what concerns them."""
    # PS3.3 Table C.30.2-1: of what is scheduled, as against what is performed, the last change has its time noted.
    noted = {_MODIFIED: [dicom_moment(now)]} if changed.keys() - _OF_PERFORMANCE else {}
    attributes = {**row["attributes"], **changed, **noted}
    new = _update(connection, row, attributes=attributes, updated=now)
    old: AttributeList = row["attributes"]
    if _differs(old, changed, key("InputReadinessState")):
        report(connection, new, Event.STATE_REPORT, state_information(new), now=now)
    if _differs(old, changed, key(PROGRESS)):
        report(connection, new, Event.PROGRESS_REPORT, {key(PROGRESS): changed[key(PROGRESS)]}, now=now)
    if any(_differs(old, changed, name) for name in _ASSIGNED):
        tell_assignment(connection, new, now=now)
    return new


def set_state(
    connection: Connection,
    row: RowMapping,
    state: WorkitemState,
    *,
    now: float,
    attributes: Mapping[str, Any] | None = None,
    **values: Any,
) -> RowMapping:
    """Give a workitem another state, and tell the subscribers."""
    new = _update(
        connection,
        row,
        state=state.value,
        attributes={**row["attributes"], **(attributes or {})},
        updated=now,
        finished=now if state.value in FINAL else None,
        **values,
    )
    report(connection, new, Event.STATE_REPORT, state_information(new), now=now)
    return new


def hold(connection: Connection, row: RowMapping, *, transaction_uid: str, performer: str) -> RowMapping:
    """Note who claims a workitem; its state changes apart, with the job's where there is one."""
    return _update(connection, row, transaction_uid=transaction_uid, performer=performer)


def tell_assignment(connection: Connection, row: RowMapping, *, now: float) -> None:
    """Tell the subscribers whom a workitem is assigned to (PS3.4 Table CC.2.4-1)."""
    attributes: AttributeList = row["attributes"]
    told: dict[str, Any] = {}
    if has_value(attributes, "ScheduledStationNameCodeSequence"):
        told[_ASSIGNED[0]] = attributes[_ASSIGNED[0]]
    for performer in items(attributes, "ScheduledHumanPerformersSequence")[:1]:
        named = (key("HumanPerformerCodeSequence"), key("HumanPerformerOrganization"))
        told |= {name: performer[name] for name in named if name in performer}
    report(connection, row, Event.ASSIGNED, told, now=now)


def shown(row: RowMapping) -> dict[str, Any]:
    """Return all attributes of a workitem but the Transaction UID (PS3.4 Section CC.2.7.3)."""
    names = {"SOPClassUID": PUSH, "SOPInstanceUID": row["sop_instance_uid"], STATE: row["state"]}
    return {**row["attributes"], **{key(keyword): [value] for keyword, value in names.items()}}


def _differs(old: AttributeList, changed: AttributeList, name: str) -> bool:
    return name in changed and list(old.get(name, ())) != list(changed[name])


def _update(connection: Connection, row: RowMapping, **values: Any) -> RowMapping:
    statement = update(workitem).where(workitem.c.id == row["id"]).values(values).returning(*workitem.c)
    return connection.execute(statement).mappings().one()
