"""Files that no row refers to any more: noted in the transaction that let go of them, removed after it."""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, insert, select

from archive.blobs import FileBlobs
from archive.database import Database
from archive.tables import obsolete_blob

_BATCH = 500


def mark(connection: Connection, tenant: str, keys: Sequence[str], *, now: float) -> None:
    """Note files that may be removed once this transaction is committed."""
    if keys:
        connection.execute(insert(obsolete_blob), [{"blob_key": key, "tenant": tenant, "time": now} for key in keys])


def remove(database: Database, blobs: FileBlobs) -> int:
    """Remove all files that were noted; return how many notes there were."""
    count = 0
    while keys := database.read(_noted):
        for key in keys:
            blobs.remove(key)
        database.write(_forget, keys)
        count += len(keys)
    return count


def _noted(connection: Connection) -> list[str]:
    return list(connection.scalars(select(obsolete_blob.c.blob_key).limit(_BATCH)))


def _forget(connection: Connection, keys: Sequence[str]) -> None:
    connection.execute(delete(obsolete_blob).where(obsolete_blob.c.blob_key.in_(keys)))
