"""The worklist as modalities query it (PS3.4 Section K.4): entries that are open and match, page by page."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Select, select

from archive.attribute_lists import AttributeList, items, key, text, texts
from archive.matching import normalize_text
from archive.procedure_states import OPEN_STATES, EntryState
from archive.scheduling import STEPS
from archive.scheduling_matching import matches
from archive.tables import worklist_entry

# So many rows are looked at in one read transaction.
PAGE: Final = 256
_DATE_LENGTH: Final = 8
# Defined terms of Scheduled Procedure Step Status (PS3.3 Section C.4.10).
_STATUSES: Final = {EntryState.SCHEDULED.value: "SCHEDULED", EntryState.IN_PROGRESS.value: "STARTED"}
_STATUS: Final = key("ScheduledProcedureStepStatus")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A part of the answers.

    Parameters
    ----------
    entries
        Attributes of the entries that match.
    position
        Where to go on; None at the end.
    """

    entries: tuple[AttributeList, ...]
    position: int | None


def page(connection: Connection, tenant: str, keys: AttributeList, *, after: int = 0, limit: int = PAGE) -> Found:
    """Look at the next `limit` entries, oldest first, and return those that match `keys`."""
    statement = _candidates(tenant, keys).where(worklist_entry.c.id > after)
    rows = connection.execute(statement.order_by(worklist_entry.c.id).limit(limit)).mappings().all()
    entries = (_told(row["attributes"], row["state"]) for row in rows)
    found = tuple(entry for entry in entries if matches(keys, entry))
    return Found(entries=found, position=rows[-1]["id"] if len(rows) == limit else None)


def _told(attributes: AttributeList, state: str) -> AttributeList:
    """Add the status of the step, unless whoever scheduled it said one."""
    status = [_STATUSES[state]]
    return {**attributes, key(STEPS): [{_STATUS: status, **step} for step in items(attributes, STEPS)]}


def _candidates(tenant: str, keys: AttributeList) -> Select[Any]:
    """Let the database leave out most of what cannot match; `matches` decides."""
    table = worklist_entry.c
    conditions = [table.tenant == tenant, table.state.in_(OPEN_STATES)]
    patient_ids = texts(keys, "PatientID")
    if len(patient_ids) == 1 and not {"*", "?"} & set(patient_ids[0]):
        conditions.append(table.patient_id_match == normalize_text(patient_ids[0]))
    step = next(iter(items(keys, STEPS)), {})
    date = text(step, "ScheduledProcedureStepStartDate").replace(".", "")
    first, hyphen, last = (part.strip() for part in date.partition("-"))
    if len(first) == _DATE_LENGTH:
        conditions.append(table.start_date >= first)
    if len(last if hyphen else first) == _DATE_LENGTH:
        conditions.append(table.start_date <= (last if hyphen else first))
    return select(table.id, table.state, table.attributes).where(*conditions)
