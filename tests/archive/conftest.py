"""Archives over fresh databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.blobs import FileBlobs
from archive.database import Database
from archive.ingest import Archive


@pytest.fixture
def blobs(tmp_path: Path) -> Iterator[FileBlobs]:
    """Give an empty blob store."""
    with FileBlobs(tmp_path / "blobs") as opened:
        yield opened


@pytest.fixture
def archive(database: Database, blobs: FileBlobs) -> Iterator[Archive]:
    """Give an empty archive, over each kind of database."""
    with Archive(database, blobs) as opened:
        yield opened


@pytest.fixture
def sqlite_archive(sqlite_url: str, blobs: FileBlobs) -> Iterator[Archive]:
    """Give an empty archive over SQLite, for tests that do not depend on the database."""
    with Database(sqlite_url) as database, Archive(database, blobs) as opened:
        yield opened
