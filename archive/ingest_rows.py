"""The statements of one ingest transaction: many objects, few statements.

No counter is kept here and no row is read and written again, so that two associations of one study do not wait for
each other: rows are only inserted, studies and series only when they are new.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from sqlalchemy import Connection, Table, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from archive import tables
from archive.index import Record, Row, arrival_row, instance_row, quarantine_row, series_row, study_row

SeriesKey: TypeAlias = tuple[str, str, str]
SeriesIds: TypeAlias = Mapping[SeriesKey, int]

_ON_CONFLICT: Final[Mapping[str, Callable[[Table], Any]]] = {
    "sqlite": lambda table: sqlite.insert(table).on_conflict_do_nothing(),
    "postgresql": lambda table: postgresql.insert(table).on_conflict_do_nothing(),
}


def ensure_series(connection: Connection, records: Iterable[Record]) -> dict[SeriesKey, int]:
    """Return the ids of the series of `records`, inserting series and studies that are new."""
    firsts = {record.series_key: record for record in records}
    ids: dict[SeriesKey, int] = {}
    # In one order everywhere, so that two processes with new studies in common do not lock each other out.
    for key in sorted(firsts):
        study_id = _ensure(connection, tables.study, study_row(firsts[key]), ("tenant", "study_instance_uid"))
        row = series_row(firsts[key], study_id)
        unique = ("tenant", "series_instance_uid", "study_instance_uid")
        ids[key] = _ensure(connection, tables.series, row, unique)
    return ids


def _ensure(connection: Connection, table: Table, row: Row, unique: Sequence[str]) -> int:
    wanted = select(table.c.id).where(*(table.c[name] == row[name] for name in unique))
    # First look: a new series usually has an old study.
    found = connection.scalar(wanted)
    if found is None:
        connection.execute(_ON_CONFLICT[connection.dialect.name](table), row)
        found = connection.scalar(wanted)
    if found is None:
        raise LookupError(f"the {table.name} vanished while it was inserted")
    return int(found)


def insert_instances(connection: Connection, records: Sequence[Record], series: SeriesIds) -> dict[str, int]:
    """Insert the instances whose SOP Instance UID is new.

    Returns
    -------
    dict
        Ids of those that were inserted, by blob key.
    """
    statement = _ON_CONFLICT[connection.dialect.name](tables.instance)
    rows = [instance_row(record, series[record.series_key]) for record in records]
    inserted = connection.execute(statement.returning(tables.instance.c.blob_key, tables.instance.c.id), rows)
    return {row.blob_key: row.id for row in inserted}


def insert_arrivals(connection: Connection, rows: Sequence[Row]) -> None:
    """Tell settling of what arrived."""
    if rows:
        connection.execute(insert(tables.arrival), rows)


def existing(connection: Connection, record: Record) -> Row | None:
    """Return what is known of the object that has the SOP Instance UID of `record`."""
    columns = tables.instance.c
    found = connection.execute(
        select(columns.id, columns.series_id, columns.blob_key, columns.sha256).where(
            columns.tenant == record.origin.tenant, columns.sop_instance_uid == record.header.sop_instance_uid
        )
    ).one_or_none()
    return None if found is None else found._asdict()


def replace_instance(connection: Connection, record: Record, instance_id: int, series_id: int) -> None:
    """Let an instance's row describe its new object."""
    statement = update(tables.instance).where(tables.instance.c.id == instance_id)
    connection.execute(statement.values(instance_row(record, series_id)))
    insert_arrivals(connection, [arrival_row(record, series_id, instance_id, "replaced")])


def quarantine(connection: Connection, record: Record, reason: str) -> None:
    """Keep an object aside: its file stays, nobody is shown it."""
    connection.execute(insert(tables.quarantine), quarantine_row(record, reason))
