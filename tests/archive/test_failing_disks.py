"""Large objects on ext4 disks that fill up or fail while the bytes arrive; only root may mount them."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from archive import unbuffered
from archive.errors import NodeError, StorageFailed, StorageFull
from archive.reserved_room import ExpectedSize
from archive.spool import SpoolFile
from archive.spool_files import make_place
from tests.acceptance.peers.disks import BreakableDisk, breakable_disk

MEBIBYTE = 1 << 20
UIDS = {"sop_class_uid": "1.2", "sop_instance_uid": "1.2.3", "transfer_syntax_uid": "1.2.840.10008.1.2.1"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("disks") / "nearly-full"
    with breakable_disk(folder, 64):
        yield folder


def begin(folder: Path) -> SpoolFile:
    return SpoolFile(make_place(str(folder)), max_bytes=1 << 40, **UIDS)


def fill(folder: Path, *, but: int) -> None:
    """Take all space but so many bytes, also what root may still have."""
    with (folder / "ballast").open("wb", buffering=0) as ballast:
        size = 0
        for step in (MEBIBYTE, 65_536, 4096):
            while True:
                try:
                    os.posix_fallocate(ballast.fileno(), size, step)
                except OSError:
                    break
                size += step
        ballast.truncate(size - but)


@pytest.mark.parametrize("size", [100_000, 400_000])
@pytest.mark.parametrize("expected", [0, 16 * MEBIBYTE])
def test_what_still_fits_on_a_disk_is_as_it_was_sent(
    folder: Path, monkeypatch: pytest.MonkeyPatch, size: int, expected: int
) -> None:
    known = ExpectedSize()
    known.note(expected)
    monkeypatch.setattr(unbuffered, "EXPECTED", known)
    content = os.urandom(size)
    fill(folder, but=600_000)
    spool = begin(folder)
    spool.write(content)
    spooled = spool.finish()
    spooled.sync()
    assert spooled.path.read_bytes()[spooled.data_offset :] == content
    spooled.discard()


def send(spool: SpoolFile, size: int) -> None:
    """Write an object and make it durable, or give it up."""
    piece = os.urandom(MEBIBYTE)
    try:
        for at in range(0, size, MEBIBYTE):
            spool.write(piece[: size - at])
        spooled = spool.finish()
    except NodeError:
        spool.discard()
        raise
    try:
        spooled.sync()
    finally:
        spooled.discard()


@pytest.mark.parametrize("size", [700_000, 20 * MEBIBYTE])
def test_what_does_not_fit_is_refused_and_leaves_nothing(folder: Path, size: int) -> None:
    fill(folder, but=600_000)
    with pytest.raises(StorageFull):
        send(begin(folder), size)
    assert list(folder.glob("*.part")) == []


@pytest.mark.parametrize("fail", [BreakableDisk.refuse_writes, BreakableDisk.become_read_only])
def test_a_disk_that_fails_while_an_object_comes_is_told_and_no_buffer_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fail: Callable[[BreakableDisk], None]
) -> None:
    pool = unbuffered._Pool()
    monkeypatch.setattr(unbuffered, "_POOL", pool)
    with breakable_disk(tmp_path / "disk", 64) as disk:
        spool = begin(tmp_path / "disk")
        spool.write(os.urandom(MEBIBYTE))
        fail(disk)
        with pytest.raises(StorageFailed):
            send(spool, 20 * MEBIBYTE)
    assert len(pool._free) == pool._made
