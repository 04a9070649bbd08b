"""A shortage of space is in the log once."""

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest
from structlog.testing import capture_logs

from config.sections import StorageSettings
from isocenter.space_watch import SpaceWatch


class Disk(NamedTuple):
    total: int
    used: int
    free: int


def said(monkeypatch: pytest.MonkeyPatch, folder: Path, frees: list[int]) -> list[tuple[str, str]]:
    """Return level and event of what is said while the free space changes; 100 is the reserve, 200 the warning."""
    watch = SpaceWatch(StorageSettings(url=f"file://{folder}", reserved_bytes=100, warning_bytes=200))
    with capture_logs() as lines:
        for free in frees:
            monkeypatch.setattr(shutil, "disk_usage", lambda _path, free=free: Disk(1000, 0, free))
            watch.look()
    return [(line["log_level"], line["event"]) for line in lines]


def test_nothing_is_said_while_there_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert said(monkeypatch, tmp_path, [900, 500, 200]) == []


def test_each_change_is_said_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert said(monkeypatch, tmp_path, [300, 199, 150, 120, 99, 0, 40, 150, 120, 300, 400]) == [
        ("warning", "storage_low"),
        ("error", "storage_refusing"),
        ("warning", "storage_low"),
        ("info", "storage_recovered"),
    ]


def test_a_node_that_starts_without_room_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert said(monkeypatch, tmp_path, [50, 50]) == [("error", "storage_refusing")]


def test_going_up_and_down_at_a_watermark_is_said_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert said(monkeypatch, tmp_path, [199, 201, 199, 209, 199, 210]) == [
        ("warning", "storage_low"),
        ("info", "storage_recovered"),
    ]
    assert said(monkeypatch, tmp_path, [99, 101, 99, 104, 105]) == [
        ("error", "storage_refusing"),
        ("warning", "storage_low"),
    ]
