"""How much room is left, and what the watermarks are where nobody set them."""

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from archive import space
from archive.errors import StorageFailed
from archive.space import Shortage
from config.sections import StorageSettings

GIB = 1 << 30


class Disk(NamedTuple):
    total: int
    used: int
    free: int


def storage(folder: Path, **watermarks: int) -> StorageSettings:
    return StorageSettings.model_validate({"url": f"file://{folder}", **watermarks})


def test_the_room_is_that_of_the_volume(tmp_path: Path) -> None:
    found = space.look(storage(tmp_path, reserved_bytes=0, warning_bytes=0))
    assert found.total_bytes == shutil.disk_usage(tmp_path).total
    assert 0 < found.free_bytes <= found.total_bytes
    assert found.shortage is None


@pytest.mark.parametrize(
    ("total", "reserved", "warning"),
    [
        (24 * GIB // 1024, 24 * GIB // 102_400, 24 * GIB // 20_480),
        (20 * GIB, GIB // 5, GIB),
        (400 * GIB, GIB, 20 * GIB),
        (100_000 * GIB, GIB, 100 * GIB),
    ],
)
def test_the_watermarks_follow_the_size_of_the_volume(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, total: int, reserved: int, warning: int
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Disk(total, 0, total))
    found = space.look(storage(tmp_path))
    assert found.reserved_bytes == pytest.approx(reserved, abs=1)
    assert found.warning_bytes == pytest.approx(warning, abs=1)
    assert found.shortage is None


def test_a_large_reserve_is_warned_of_before_it_is_reached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Disk(100 * GIB, 0, 50 * GIB))
    assert space.look(storage(tmp_path, reserved_bytes=10 * GIB)).warning_bytes == 30 * GIB


@pytest.mark.parametrize(("free", "shortage"), [(50, None), (49, Shortage.LOW), (10, Shortage.LOW), (9, "refusing")])
def test_the_shortage_begins_below_a_watermark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, shortage: Shortage | None
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Disk(100, 0, free))
    assert space.look(storage(tmp_path, reserved_bytes=10, warning_bytes=50)).shortage == shortage


def test_a_volume_that_is_gone_is_a_failed_storage(tmp_path: Path) -> None:
    with pytest.raises(StorageFailed):
        space.look(storage(tmp_path / "missing"))
