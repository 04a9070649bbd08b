"""The statements of one ingest transaction: many objects, few statements.

No counter is kept here and no row is read and written again, so that two associations of one study do not wait for
each other: rows are only inserted, studies and series only when they are new.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, TypeAlias

from sqlalchemy import BindParameter, Connection, Dialect, Table, bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from archive import obsolete, tables
from archive.index import Entry, Outcome, Record, Row, arrival_row, instance_row, quarantine_row, series_row, study_row

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


def insert_instances(connection: Connection, entries: Sequence[Entry], series: SeriesIds) -> None:
    """Insert the instances whose SOP Instance UID is new."""
    rows = [entry.instance | {"series_id": series[entry.record.series_key]} for entry in entries]
    _execute_many(connection, "instance", rows)


def announce(connection: Connection, entries: Sequence[Entry], series: SeriesIds) -> set[str]:
    """Tell settling of those `entries` that were inserted.

    Returns
    -------
    set
        The blob keys of those that were inserted.
    """
    rows = [_arrival_of(entry.record, series[entry.record.series_key], entry.arrival) for entry in entries]
    keys = [entry.record.blob_key for entry in entries]
    if _execute_many(connection, "arrival", rows) == len(rows):
        return set(keys)
    column = tables.instance.c.blob_key
    return set(connection.scalars(select(column).where(column.in_(keys))))


def _arrival_of(record: Record, series_id: int, row: Row) -> Row:
    # The instance is found by its blob.
    return row | {"series_id": series_id, "blob_key": record.blob_key}


def _execute_many(connection: Connection, name: str, rows: Sequence[Row]) -> int:
    """Execute one of the two statements that every object needs; return the number of inserted rows.

    They go to the driver ready-made: building and caching them again cost more than their execution.
    """
    if not rows:
        return 0
    sql, names = _ready_made(name, connection.dialect, tuple(rows[0]))
    parameters = [tuple(row[name] for name in names) for row in rows] if names else list(rows)
    return connection.exec_driver_sql(sql, parameters).rowcount


@lru_cache(maxsize=16)
def _ready_made(name: str, dialect: Dialect, columns: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """Return the SQL of a statement, and its parameters in their order where the driver wants them by position."""
    parameters = {column: bindparam(column, type_=_type_of(name, column)) for column in columns}
    statement = _insert_instance(dialect.name, parameters) if name == "instance" else _insert_arrival(parameters)
    compiled = statement.compile(dialect=dialect)
    return str(compiled), tuple(compiled.positiontup or ())


def _insert_instance(dialect_name: str, parameters: Mapping[str, BindParameter[Any]]) -> Any:
    return _ON_CONFLICT[dialect_name](tables.instance).values(parameters)


def _insert_arrival(parameters: Mapping[str, BindParameter[Any]]) -> Any:
    # Of an object that was not inserted there is no instance with its blob, hence no arrival.
    values = {name: value for name, value in parameters.items() if name != "blob_key"}
    instance = tables.instance.c
    selected = select(instance.id, *values.values()).where(instance.blob_key == parameters["blob_key"])
    return insert(tables.arrival).from_select(["instance_id", *values], selected)


def _type_of(name: str, column: str) -> Any:
    table = tables.instance if name == "instance" or column == "blob_key" else tables.arrival
    return table.c[column].type


def existing(connection: Connection, record: Record) -> Row | None:
    """Return what is known of the object that has the SOP Instance UID of `record`."""
    columns = tables.instance.c
    found = connection.execute(
        select(columns.id, columns.series_id, columns.blob_key, columns.content_hash).where(
            columns.tenant == record.origin.tenant, columns.sop_instance_uid == record.header.sop_instance_uid
        )
    ).one_or_none()
    return None if found is None else found._asdict()


def replace_instance(connection: Connection, record: Record, existing: Row, series_id: int) -> None:
    """Let the row of an `existing` instance describe its new object; its old file becomes obsolete."""
    obsolete.mark(connection, record.origin.tenant, [existing["blob_key"]], now=record.received)
    statement = update(tables.instance).where(tables.instance.c.id == existing["id"])
    connection.execute(statement.values(instance_row(record) | {"series_id": series_id}))
    row = arrival_row(record, Outcome.REPLACED)
    _execute_many(connection, "arrival", [_arrival_of(record, series_id, row)])


def quarantine(connection: Connection, record: Record, existing: Row, reason: str) -> None:
    """Keep an object aside: its file stays, nobody is shown it. The audit says so beside the `existing` instance."""
    connection.execute(insert(tables.quarantine), quarantine_row(record, reason))
    row = _arrival_of(record, existing["series_id"], arrival_row(record, Outcome.QUARANTINED))
    _execute_many(connection, "arrival", [row | {"blob_key": existing["blob_key"]}])
