"""Disk full, disk broken, database away: the sender is told the truth, nothing half-stored stays, and it goes on."""

import errno
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import func, make_url, select

from archive import schema
from archive.blobs import FileBlobs
from archive.consistency import recover
from archive.database import Database
from archive.errors import CommitUnknown, DatabaseUnavailable, StorageFailed, StorageFull
from archive.ingest import Archive, Outcome, Spooled, SpoolFile
from archive.tables import instance
from tests import postgres
from tests.archive.objects import ct_slice, encode, send, send_slice


def files(blobs: FileBlobs) -> list[Path]:
    return [path for path in blobs.root.rglob("*") if path.is_file()]


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def count(archive: Archive) -> int:
    return archive.database.read(lambda c: c.scalar(select(func.count()).select_from(instance))) or 0


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (errno.ENOSPC, StorageFull),
        (errno.EDQUOT, StorageFull),
        (errno.EIO, StorageFailed),
        (errno.EROFS, StorageFailed),
    ],
)
@pytest.mark.parametrize("call", ["open", "writev", "pread", "fdatasync", "rename", "fsync"])
def test_a_fault_of_the_disk_refuses_the_object_and_the_next_one_is_taken(
    sqlite_archive: Archive, monkeypatch: pytest.MonkeyPatch, call: str, code: int, error: type[Exception]
) -> None:
    original = getattr(os, call)
    # So long a value before its pixels that the file has to be read: the rest of the header lies behind it.
    content = ct_slice(ICCProfile=bytes(200_000)) if call == "pread" else ct_slice()

    def fail(*arguments: object, **named: object) -> object:
        if call == "open" and not str(arguments[0]).endswith(".part"):
            return original(*arguments, **named)
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(os, call, fail)
        with pytest.raises(error):
            send(sqlite_archive, encode(content))
    assert files(sqlite_archive.blobs) == []
    assert count(sqlite_archive) == 0
    assert send_slice(sqlite_archive).outcome is Outcome.STORED


@pytest.mark.parametrize("size", [512, 3_000_000])
def test_a_disk_that_became_read_only_is_told_as_that_and_a_sweep_removes_what_it_kept(
    sqlite_archive: Archive, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    content = encode(ct_slice(PixelData=bytes(size)))
    assert send_slice(sqlite_archive, 2).outcome is Outcome.STORED
    opened = open_files()

    def fail(*_arguments: object, **_named: object) -> object:
        raise OSError(errno.EROFS, "Read-only file system")

    def write_and_fail(spool: SpoolFile) -> Spooled:
        for call in ("fdatasync", "unlink", "pwrite"):
            patch.setattr(os, call, fail)
        return finish(spool)

    finish = SpoolFile.finish
    with monkeypatch.context() as patch:
        patch.setattr(SpoolFile, "finish", write_and_fail)
        with pytest.raises(StorageFailed):
            send(sqlite_archive, content)
    assert open_files() == opened
    assert len(files(sqlite_archive.blobs)) == 2
    assert recover(sqlite_archive.database, sqlite_archive.blobs).spool_removed == 1
    assert len(files(sqlite_archive.blobs)) == 1


def test_a_log_that_is_not_flushed_leaves_the_file_and_is_not_trusted_again(
    sqlite_archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2):
        # The first makes the series, the second opens the connection.
        send_slice(sqlite_archive, number)
    flushed: list[str] = []

    def fail_for_the_log(descriptor: int) -> None:
        name = str(Path(f"/proc/self/fd/{descriptor}").readlink())
        if name.endswith("-wal"):
            flushed.append(name)
            raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", fail_for_the_log)
        with pytest.raises(CommitUnknown):
            send_slice(sqlite_archive, 3)
        assert len(files(sqlite_archive.blobs)) == count(sqlite_archive) == 3
        # What is committed now is in the database itself, not only behind the gap.
        assert send_slice(sqlite_archive, 4).outcome is Outcome.STORED
    assert len(flushed) == 1
    url = make_url(sqlite_archive.database.url)
    with closing(sqlite3.connect(f"file:{url.database}?immutable=1", uri=True)) as without_log:
        assert without_log.execute("SELECT count(*) FROM instance").fetchone() == (4,)


def test_a_disk_that_takes_only_a_part_is_full(sqlite_archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    writev = os.writev

    def write_a_part(descriptor: int, buffers: tuple[bytes, bytes]) -> int:
        return writev(descriptor, [bytes(buffers[0])[:100]])

    def write_nothing(_descriptor: int, _content: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "writev", write_a_part)
    monkeypatch.setattr(os, "write", write_nothing)
    with pytest.raises(StorageFull):
        send_slice(sqlite_archive)
    assert files(sqlite_archive.blobs) == []


def test_an_interrupted_write_is_continued(sqlite_archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    writev, write = os.writev, os.write
    monkeypatch.setattr(os, "writev", lambda descriptor, buffers: writev(descriptor, [bytes(buffers[0])[:100]]))
    monkeypatch.setattr(os, "write", lambda descriptor, content: write(descriptor, content[:50]))
    assert send_slice(sqlite_archive).outcome is Outcome.STORED
    monkeypatch.undo()
    assert send_slice(sqlite_archive).outcome is Outcome.DUPLICATE


def test_objects_are_refused_before_the_disk_is_full(sqlite_archive: Archive, tmp_path: Path) -> None:
    with FileBlobs(tmp_path / "small", reserved_bytes=1 << 60) as blobs:
        archive = Archive(sqlite_archive.database, blobs)
        with pytest.raises(StorageFull):
            send_slice(archive)


def test_a_storage_that_cannot_be_written_is_refused_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageFailed):
        FileBlobs(tmp_path / "file")


@pytest.fixture
def own_server() -> Iterator[postgres.Server]:
    """Run a PostgreSQL that a test may stop."""
    if postgres.binaries() is None:
        pytest.skip("Debian's package postgresql is not installed")
    with postgres.running() as server:
        yield server


def test_a_database_that_is_away_refuses_the_object_after_the_deadline(
    own_server: postgres.Server, blobs: FileBlobs
) -> None:
    url = own_server.create("isocenter")
    schema.upgrade(url)
    with Database(url, deadline_seconds=1) as database, Archive(database, blobs) as archive:
        send_slice(archive, 1)
        own_server.stop()
        began = time.monotonic()
        with pytest.raises(DatabaseUnavailable):
            send_slice(archive, 2)
        assert 0.5 < time.monotonic() - began < 10
        assert len(files(blobs)) == 1
        own_server.start()
        assert send_slice(archive, 2).outcome is Outcome.STORED


def test_a_database_that_comes_back_in_time_costs_nothing_but_time(
    own_server: postgres.Server, blobs: FileBlobs
) -> None:
    url = own_server.create("isocenter")
    schema.upgrade(url)
    with Database(url) as database, Archive(database, blobs) as archive:
        send_slice(archive, 1)
        own_server.stop()
        restart = threading.Thread(target=own_server.start)
        restart.start()
        assert send_slice(archive, 2).outcome is Outcome.STORED
        restart.join()
        assert count(archive) == 2


def test_an_error_nobody_foresaw_does_not_leave_others_waiting(
    sqlite_archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(Database, "write", fail)
        with pytest.raises(ZeroDivisionError):
            send_slice(sqlite_archive)
    assert files(sqlite_archive.blobs) == []
    assert send_slice(sqlite_archive).outcome is Outcome.STORED
