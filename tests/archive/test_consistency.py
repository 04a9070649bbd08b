"""Index and files, brought back into agreement."""

import errno
import fcntl
import os
import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest
from pydicom.uid import ExplicitVRLittleEndian
from sqlalchemy import Connection, delete, select, update

from archive import consistency
from archive.database import Database
from archive.ingest import Archive, Outcome
from archive.origin import Origin, OriginKind
from archive.spool import SpoolFile
from archive.tables import instance, obsolete_blob, quarantine
from tests.archive.objects import ct_slice, encode, send_slice, sop_uid


def keys(connection: Connection) -> list[str]:
    return list(connection.scalars(select(instance.c.blob_key).order_by(instance.c.id)))


def forget_rows(connection: Connection) -> None:
    connection.execute(delete(instance))


def only_path(archive: Archive) -> Path:
    return archive.blobs.path(archive.database.read(keys)[0])


def spool_slice(archive: Archive) -> SpoolFile:
    """Return a spool file that a slice was written to."""
    data_set = ct_slice()
    spool = archive.spool(
        sop_class_uid=data_set.SOPClassUID,
        sop_instance_uid=data_set.SOPInstanceUID,
        transfer_syntax_uid=ExplicitVRLittleEndian,
    )
    spool.write(encode(data_set))
    return spool


def test_an_archive_in_order_is_left_alone(archive: Archive) -> None:
    send_slice(archive)
    before = sorted(archive.blobs.root.rglob("*"))
    assert consistency.sweep(archive.database, archive.blobs) == consistency.Report()
    assert sorted(archive.blobs.root.rglob("*")) == before


def test_a_sweep_removes_what_a_dead_process_was_receiving(sqlite_archive: Archive) -> None:
    program = "import sys, os; from archive.spool import SpoolFile; from archive.spool_files import make_place; "
    program += "uid = '1.2.3'; SpoolFile(make_place(sys.argv[1]), sop_class_uid=uid, sop_instance_uid=uid, "
    program += "transfer_syntax_uid=uid, max_bytes=9).write(b'x'); os._exit(0)"
    spool = sqlite_archive.blobs.spool_folder
    for folder in (spool, spool / "07"):
        subprocess.run([sys.executable, "-c", program, str(folder)], check=True)
    assert len(list(spool.rglob("*.part"))) == 2
    assert consistency.sweep(sqlite_archive.database, sqlite_archive.blobs).spool_removed == 2
    assert list(spool.rglob("*.part")) == []


def test_a_sweep_locks_as_nfs_demands(sqlite_archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    flock = fcntl.flock

    def lock(file: IO[bytes], operation: int) -> None:
        if fcntl.fcntl(file, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
            raise OSError(errno.EBADF, "Bad file descriptor")
        flock(file, operation)

    (sqlite_archive.blobs.spool_folder / "07" / "left.part").touch()
    monkeypatch.setattr(fcntl, "flock", lock)
    assert consistency.sweep(sqlite_archive.database, sqlite_archive.blobs).spool_removed == 1


def test_a_sweep_leaves_alone_what_a_living_process_is_receiving(sqlite_archive: Archive) -> None:
    spool = spool_slice(sqlite_archive)
    assert consistency.sweep(sqlite_archive.database, sqlite_archive.blobs).spool_removed == 0
    assert sqlite_archive.receive(spool.finish(), Origin(kind=OriginKind.IMPORT)).outcome is Outcome.STORED


def test_a_sweep_leaves_alone_what_waits_for_its_commit(archive: Archive) -> None:
    spool = spool_slice(archive)
    spooled = spool.finish()
    key = archive.blobs.new_key()
    archive.blobs.keep(spooled.path, key)
    # Its file is in place, its row not yet there, as between rename and commit.
    report = consistency.sweep(archive.database, archive.blobs)
    assert (report.indexed, report.unreadable) == (0, [])
    assert archive.blobs.path(key).exists()
    spooled.close()


def test_a_file_without_a_row_is_indexed(archive: Archive) -> None:
    send_slice(archive, 3)
    original = archive.database.read(lambda c: c.execute(select(instance)).mappings().one())
    archive.database.write(forget_rows)
    assert consistency.sweep(archive.database, archive.blobs).indexed == 1
    adopted = archive.database.read(lambda c: c.execute(select(instance)).mappings().one())
    for name in ("sop_instance_uid", "blob_key", "data_offset", "size", "content_hash", "transfer_syntax_uid", "rows"):
        assert adopted[name] == original[name]


def test_a_file_without_a_row_that_is_a_duplicate_is_removed(archive: Archive) -> None:
    send_slice(archive)
    content = only_path(archive).read_bytes()
    other = archive.blobs.path(archive.blobs.new_key())
    other.write_bytes(content)
    assert consistency.sweep(archive.database, archive.blobs).duplicates_removed == 1
    assert not other.exists()
    assert only_path(archive).exists()


def test_a_file_without_a_row_that_differs_goes_to_the_quarantine(archive: Archive) -> None:
    send_slice(archive, PatientName="Roe^Jane")
    archive.database.write(forget_rows)
    send_slice(archive)
    assert consistency.sweep(archive.database, archive.blobs).quarantined == 1
    assert len(archive.database.read(lambda c: c.execute(select(quarantine)).all())) == 1
    assert consistency.sweep(archive.database, archive.blobs) == consistency.Report()


def test_a_file_that_is_no_object_is_reported_and_stays(sqlite_archive: Archive) -> None:
    key = sqlite_archive.blobs.new_key()
    sqlite_archive.blobs.path(key).write_bytes(b"not an object")
    assert consistency.sweep(sqlite_archive.database, sqlite_archive.blobs).unreadable == [key]
    assert sqlite_archive.blobs.path(key).exists()


def test_a_row_without_a_file_is_reported(archive: Archive) -> None:
    send_slice(archive)
    only_path(archive).unlink()
    assert consistency.sweep(archive.database, archive.blobs).missing == [sop_uid(1)]


def test_files_that_were_let_go_of_are_removed_and_do_not_come_back(archive: Archive) -> None:
    send_slice(archive)
    path = only_path(archive)

    def let_go(connection: Connection) -> None:
        connection.execute(obsolete_blob.insert().values(blob_key=keys(connection)[0], tenant="default", time=1.0))
        forget_rows(connection)

    archive.database.write(let_go)
    report = consistency.sweep(archive.database, archive.blobs)
    assert (report.obsolete_removed, report.indexed) == (1, 0)
    assert not path.exists()
    assert consistency.sweep(archive.database, archive.blobs).obsolete_removed == 0


def test_a_check_finds_damage_and_says_how_far_it_is(archive: Archive) -> None:
    for number in range(3):
        send_slice(archive, number)
    path = only_path(archive)
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    calls: list[tuple[int, int]] = []
    report = consistency.check(
        archive.database, archive.blobs, progress=lambda done, total: calls.append((done, total))
    )
    assert (report.checked, report.damaged, report.is_clean) == (3, [sop_uid(0)], False)
    assert calls == [(1, 3), (2, 3), (3, 3)]


def test_a_check_without_repair_changes_nothing(archive: Archive) -> None:
    send_slice(archive, 1)
    send_slice(archive, 2)
    archive.database.write(lambda c: c.execute(delete(instance).where(instance.c.sop_instance_uid == sop_uid(1))))
    only_path(archive).unlink()
    report = consistency.check(archive.database, archive.blobs)
    assert (len(report.unindexed), report.missing) == (1, [sop_uid(2)])
    assert consistency.check(archive.database, archive.blobs) == report


def test_a_repair_makes_room_for_objects_that_were_lost(archive: Archive) -> None:
    send_slice(archive, 1)
    send_slice(archive, 2)
    lost, damaged = (archive.blobs.path(key) for key in archive.database.read(keys))
    lost.unlink()
    damaged.write_bytes(b"")
    consistency.check(archive.database, archive.blobs, repair=True)
    assert archive.database.read(keys) == []
    assert consistency.check(archive.database, archive.blobs).is_clean
    assert [send_slice(archive, number).outcome for number in (1, 2)] == [Outcome.STORED] * 2


def test_a_database_that_lost_everything_is_rebuilt_from_the_files(sqlite_archive: Archive, postgres_url: str) -> None:
    for number in range(3):
        send_slice(sqlite_archive, number, SeriesInstanceUID=f"1.2.3.{number}")
    with Database(postgres_url) as empty:
        assert consistency.sweep(empty, sqlite_archive.blobs).indexed == 3
        assert set(empty.read(keys)) == set(sqlite_archive.database.read(keys))
        empty.write(lambda c: c.execute(update(instance).values(content_hash="x")))
        assert len(consistency.check(empty, sqlite_archive.blobs).damaged) == 3
