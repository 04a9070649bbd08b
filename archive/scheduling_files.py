"""Worklist entries that are from files: they come, change and go with their file."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from archive import audit
from archive.attribute_lists import AttributeList
from archive.procedure_states import EntryState
from archive.scheduling import columns_of
from archive.tables import worklist_entry

_PRINCIPAL = "worklist file"


def names(connection: Connection, tenant: str) -> set[str]:
    """Return the names of the files that there are entries of."""
    table = worklist_entry.c
    return set(connection.execute(select(table.file_name).where(*_from_files(tenant)).distinct()).scalars())


def put(connection: Connection, tenant: str, name: str, entries: Sequence[AttributeList], *, now: float) -> int:
    """Make the entries of a file those of `entries`; gives how many changed. None at all removes them.

    What became of a step stays noted as long as the file speaks of the same step.
    """
    known = {row["file_step"]: row for row in connection.execute(_rows(tenant, name)).mappings()}
    changed = 0
    for step, entry in enumerate(entries):
        if step not in known:
            of_file = {"tenant": tenant, "source": "file", "file_name": name, "file_step": step}
            changed += _add(connection, of_file, entry, now)
        else:
            changed += _change(connection, known[step], entry, now)
    for step, row in known.items():
        if step >= len(entries):
            connection.execute(delete(worklist_entry).where(worklist_entry.c.id == row["id"]))
            _record(connection, tenant, audit.Action.WORKLIST_DELETED, row["study_uid"], now)
            changed += 1
    return changed


def _add(connection: Connection, of_file: Mapping[str, Any], entry: AttributeList, now: float) -> int:
    values = {**of_file, **columns_of(entry), "state": EntryState.SCHEDULED.value, "created": now, "updated": now}
    connection.execute(insert(worklist_entry).values(values))
    _record(connection, values["tenant"], audit.Action.WORKLIST_CREATED, values["study_uid"], now)
    return 1


def _change(connection: Connection, row: RowMapping, entry: AttributeList, now: float) -> int:
    values = columns_of(entry)
    if row["attributes"] == values["attributes"]:
        return 0
    same = (row["study_uid"], row["step_id"]) == (values["study_uid"], values["step_id"])
    state = row["state"] if same else EntryState.SCHEDULED.value
    which = update(worklist_entry).where(worklist_entry.c.id == row["id"])
    connection.execute(which.values(state=state, updated=now, **values))
    _record(connection, row["tenant"], audit.Action.WORKLIST_CHANGED, values["study_uid"], now)
    return 1


def _rows(tenant: str, name: str) -> Any:
    return select(worklist_entry).where(*_from_files(tenant), worklist_entry.c.file_name == name).with_for_update()


def _from_files(tenant: str) -> tuple[Any, ...]:
    return worklist_entry.c.tenant == tenant, worklist_entry.c.source == "file"


def _record(connection: Connection, tenant: str, action: audit.Action, study_uid: str, now: float) -> None:
    audit.append(connection, tenant, action, principal=_PRINCIPAL, now=now, study_uid=study_uid)
