"""What a node keeps, read from its index and its files without asking the node."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, select

from archive.content_hash import hash_data_set
from archive.database import Database
from archive.tables import instance


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One row of the index and its file."""

    sop_instance_uid: str
    path: Path
    data_offset: int
    content_hash: str

    def sha256(self) -> str:
        """Hash of the data set as it is in the file now."""
        with self.path.open("rb") as file:
            file.seek(self.data_offset)
            return hashlib.file_digest(file, "sha256").hexdigest()

    def is_as_indexed(self) -> bool:
        """Tell whether the file is what the index says of it."""
        with self.path.open("rb") as file:
            return hash_data_set(file.fileno(), self.data_offset) == self.content_hash


class Keeping:
    """The index and the files of a node.

    Parameters
    ----------
    url
        Its database.
    blobs
        The folder of its files.
    """

    def __init__(self, database: Database, blobs: Path) -> None:
        self._database, self._blobs = database, blobs

    def rows(self) -> list[Kept]:
        """Return all rows."""
        columns = (instance.c.sop_instance_uid, instance.c.blob_key, instance.c.data_offset, instance.c.content_hash)

        def read(connection: Connection) -> list[Kept]:
            return [
                Kept(sop_instance_uid=uid, path=self._blobs / key, data_offset=offset, content_hash=content_hash)
                for uid, key, offset, content_hash in connection.execute(select(*columns))
            ]

        return self._database.read(read)

    def files(self) -> set[Path]:
        """Return all files that have a final name."""
        return set(self._blobs.glob("??/*"))

    def unfinished(self) -> set[Path]:
        """Return all files of the spool."""
        return {path for path in (self._blobs / "spool").rglob("*") if path.is_file()}


@contextmanager
def keeping(data_dir: Path, url: str | None = None) -> Iterator[Keeping]:
    """Open what the node with this data folder keeps; without `url` its index is the SQLite file in it."""
    with Database(url or f"sqlite:///{data_dir}/index.sqlite", pool_size=1) as database:
        yield Keeping(database, data_dir / "blobs")
