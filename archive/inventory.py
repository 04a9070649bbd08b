"""What the index says is there, and what is: compared in pieces, so that memory stays flat."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from sqlalchemy import Connection, Table, func, select

from archive.database import Database
from archive.tables import instance, non_patient_instance, obsolete_blob, quarantine

_ROWS: Final = 2_000
_KEYS: Final = 500
_TABLES: Final = (instance, non_patient_instance)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An object as the index knows it.

    Parameters
    ----------
    id
        Key of its row.
    tenant, sop_instance_uid
        Whose and which object it is.
    blob_key, data_offset, size, content_hash
        Where its data set is, and what is in it.
    table
        In which its row is.
    """

    id: int
    tenant: str
    sop_instance_uid: str
    blob_key: str
    data_offset: int
    size: int
    content_hash: str
    table: Table


def count(connection: Connection) -> int:
    """Return how many objects the index knows."""
    return sum(connection.scalar(select(func.count()).select_from(table)) or 0 for table in _TABLES)


def entries(database: Database) -> Iterator[Entry]:
    """Yield all objects of the index, in order of arrival; those that belong to no patient after all others."""
    for table in _TABLES:
        last = 0
        while page := database.read(_entries_after, table, last):
            yield from page
            last = page[-1].id


def _entries_after(connection: Connection, table: Table, last: int) -> list[Entry]:
    columns = [table.c[name] for name in Entry.__dataclass_fields__ if name != "table"]
    rows = connection.execute(select(*columns).where(table.c.id > last).order_by(table.c.id).limit(_ROWS))
    return [Entry(**row._mapping, table=table) for row in rows]  # noqa: SLF001 - the documented name of a row's mapping


def keys_without_rows(database: Database, keys: Iterator[str]) -> Iterator[str]:
    """Yield those of `keys` that no row refers to; some may be on their way into the index."""
    while batch := list(islice(keys, _KEYS)):
        known = database.read(known_keys, batch)
        yield from (key for key in batch if key not in known)


def known_keys(connection: Connection, keys: Sequence[str]) -> set[str]:
    """Return those of `keys` that a row refers to."""
    columns = [table.c.blob_key for table in (*_TABLES, quarantine, obsolete_blob)]
    return {key for column in columns for key in connection.scalars(select(column).where(column.in_(keys)))}
