"""What a start does after a process died: it looks where that process was at work, and nowhere else."""

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Connection, delete, func, select

from archive import consistency, schema
from archive.blobs import FileBlobs
from archive.database import Database
from archive.ingest import Archive
from archive.tables import instance
from tests.archive.objects import send_slice

STORE_AND_DIE = """
import os, sys
from pathlib import Path
from archive.blobs import FileBlobs
from archive.database import Database
from archive.ingest import Archive
from tests.archive.objects import send_slice
folder = Path(sys.argv[1])
archive = Archive(Database(f"sqlite:///{folder}/index.sqlite"), FileBlobs(folder / "blobs"))
for number in range(3):
    send_slice(archive, number)
# The next one has its name when the process dies, and not yet its row.
archive._commits.commit = lambda *_entry: os._exit(9)
send_slice(archive, 3)
"""


def count(connection: Connection) -> int:
    return connection.scalar(select(func.count()).select_from(instance)) or 0


def marks(blobs: FileBlobs) -> list[str]:
    return sorted(path.name for path in blobs.root.with_name("blobs-marks").iterdir())


def test_a_file_that_was_to_get_its_row_is_indexed(tmp_path: Path) -> None:
    schema.upgrade(f"sqlite:///{tmp_path}/index.sqlite")
    ended = subprocess.run([sys.executable, "-c", STORE_AND_DIE, str(tmp_path)], check=False)
    assert ended.returncode == 9
    with Database(f"sqlite:///{tmp_path}/index.sqlite") as database, FileBlobs(tmp_path / "blobs") as blobs:
        assert database.read(count) == 3
        assert len(marks(blobs)) == 1
        assert consistency.recover(database, blobs).indexed == 1
        assert database.read(count) == 4
        assert marks(blobs) == []
        assert consistency.recover(database, blobs) == consistency.Report()


def test_a_start_does_not_visit_what_no_dead_process_was_writing(sqlite_archive: Archive) -> None:
    for number in range(3):
        send_slice(sqlite_archive, number)
    sqlite_archive.database.write(lambda c: c.execute(delete(instance)))
    # This process lives: what it is writing is none of a start's business.
    assert consistency.recover(sqlite_archive.database, sqlite_archive.blobs) == consistency.Report()
    assert len(marks(sqlite_archive.blobs)) == 1


def test_a_process_that_ends_in_order_leaves_no_mark(tmp_path: Path) -> None:
    with FileBlobs(tmp_path / "blobs") as blobs:
        keys = [blobs.new_key() for _ in range(3_000)]
        # Old ones are taken back on the way.
        assert 1 < len(marks(blobs)) < 8
    assert marks(blobs) == []
    assert len(set(keys)) == 3_000


def test_of_a_marked_folder_only_younger_names_are_in_doubt(tmp_path: Path) -> None:
    blobs = FileBlobs(tmp_path / "blobs")
    (tmp_path / "blobs-marks" / "ab-019a00000000-01234567").touch()
    old, young = "ab/0199f0000000" + "0" * 20 + ".dcm", "ab/019a00000001" + "0" * 20 + ".dcm"
    blobs.path(old).parent.mkdir()
    for key in (old, young):
        blobs.path(key).touch()
    assert list(blobs.keys_in_doubt()) == [young]
    assert marks(blobs) == []


def test_names_are_in_the_order_of_time(tmp_path: Path) -> None:
    with FileBlobs(tmp_path / "blobs") as blobs:
        times = [blobs.new_key()[3:15] for _ in range(1_000)]
    assert times == sorted(times)


def test_a_sweep_gives_way_between_objects(sqlite_archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consistency, "_BETWEEN_PAUSES", 2)
    for number in range(5):
        send_slice(sqlite_archive, number)
    paused: list[bool] = []
    consistency.sweep(sqlite_archive.database, sqlite_archive.blobs, pause=lambda: paused.append(True))
    # Twice among five files, twice among five rows.
    assert len(paused) == 4
