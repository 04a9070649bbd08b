"""Object files: names made by the node, space watched."""

import shutil
from itertools import pairwise
from pathlib import Path

import pytest

from archive.blobs import FileBlobs
from archive.errors import StorageFull


def keep(blobs: FileBlobs, content: bytes) -> str:
    spooled = blobs.spool_folder / "x.part"
    spooled.write_bytes(content)
    key = blobs.new_key()
    blobs.keep(spooled, key)
    blobs.sync_names([key])
    return key


def test_what_is_kept_can_be_opened(blobs: FileBlobs) -> None:
    key = keep(blobs, b"content")
    with blobs.open(key) as file:
        assert file.read() == b"content"
    assert list(blobs.keys()) == [key]
    assert [path for path in blobs.spool_folder.rglob("*") if path.is_file()] == []


def test_what_is_removed_is_gone(blobs: FileBlobs) -> None:
    key = keep(blobs, b"content")
    blobs.remove(key)
    blobs.remove(key)
    assert list(blobs.keys()) == []


@pytest.mark.parametrize("key", ["../x", "ab/../../x", "/etc/passwd", "ab/x.dcm", "", "spool/x.part"])
def test_other_names_than_its_own_are_refused(blobs: FileBlobs, key: str) -> None:
    with pytest.raises(ValueError, match="not a key"):
        blobs.path(key)


def test_foreign_files_are_not_taken_for_objects(blobs: FileBlobs) -> None:
    folder = blobs.root / "ab"
    folder.mkdir()
    (folder / "README").touch()
    assert list(blobs.keys()) == []


def test_a_store_may_be_opened_again(blobs: FileBlobs) -> None:
    key = keep(blobs, b"content")
    with FileBlobs(blobs.root) as again:
        assert list(again.keys()) == [key]


def test_free_space_is_what_the_system_says(blobs: FileBlobs, tmp_path: Path) -> None:
    assert blobs.free_bytes == pytest.approx(shutil.disk_usage(tmp_path).free, rel=0.1)
    blobs.check_space()


def test_too_little_space_for_an_object_is_told_beforehand(blobs: FileBlobs) -> None:
    with pytest.raises(StorageFull):
        blobs.check_space(blobs.free_bytes * 2)


def test_objects_in_turn_share_a_folder_so_that_one_flush_serves_all(blobs: FileBlobs) -> None:
    folders = [blobs.new_key()[:2] for _ in range(10_000)]
    changes = sum(before != after for before, after in pairwise(folders))
    assert 0 < changes < len(folders) / 100
