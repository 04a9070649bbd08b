"""What the index says is there, and what is: compared in pieces, so that memory stays flat."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from sqlalchemy import Connection, func, select

from archive.database import Database
from archive.tables import instance, obsolete_blob, quarantine

_ROWS: Final = 2_000
_KEYS: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An object as the index knows it.

    Parameters
    ----------
    id
        Key of its row.
    tenant, sop_instance_uid
        Whose and which object it is.
    blob_key, data_offset, size, sha256
        Where its data set is, and what is in it.
    """

    id: int
    tenant: str
    sop_instance_uid: str
    blob_key: str
    data_offset: int
    size: int
    sha256: str


def count(connection: Connection) -> int:
    """Return how many objects the index knows."""
    return connection.scalar(select(func.count()).select_from(instance)) or 0


def entries(database: Database) -> Iterator[Entry]:
    """Yield all objects of the index, in order of arrival."""
    last = 0
    while page := database.read(_entries_after, last):
        yield from page
        last = page[-1].id


def _entries_after(connection: Connection, last: int) -> list[Entry]:
    columns = [instance.c[name] for name in Entry.__dataclass_fields__]
    rows = connection.execute(select(*columns).where(instance.c.id > last).order_by(instance.c.id).limit(_ROWS))
    return [Entry(**row._mapping) for row in rows]  # noqa: SLF001 - the documented name of a row's mapping


def keys_without_rows(database: Database, keys: Iterator[str]) -> Iterator[str]:
    """Yield those of `keys` that no row refers to; some may be on their way into the index."""
    while batch := list(islice(keys, _KEYS)):
        known = database.read(known_keys, batch)
        yield from (key for key in batch if key not in known)


def known_keys(connection: Connection, keys: Sequence[str]) -> set[str]:
    """Return those of `keys` that a row refers to."""
    columns = (instance.c.blob_key, quarantine.c.blob_key, obsolete_blob.c.blob_key)
    return {key for column in columns for key in connection.scalars(select(column).where(column.in_(keys)))}
