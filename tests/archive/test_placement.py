"""Folders are put where there is room, where the file system can be told so; nothing depends on it."""

import subprocess
from pathlib import Path

import pytest

from archive.blobs import FileBlobs
from archive.placement import spread_subfolders


def test_a_file_system_that_knows_the_attribute_has_it_set(tmp_path: Path) -> None:
    with FileBlobs(tmp_path / "blobs"):
        pass
    listed = subprocess.run(["lsattr", "-d", tmp_path / "blobs" / "spool"], capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("this file system has no such attributes")
    assert "T" in listed.stdout.split()[0]


def test_a_file_system_that_does_not_know_it_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*_arguments: object) -> int:
        raise OSError(25, "Inappropriate ioctl for device")

    monkeypatch.setattr("fcntl.ioctl", refuse)
    spread_subfolders(tmp_path)
    assert list(tmp_path.iterdir()) == []
