"""Locks on files: one at a time, until the file is closed."""

import errno
import fcntl
from pathlib import Path

import pytest

from archive.file_locks import lock_at_once


def test_who_comes_second_gets_the_lock_when_the_first_lets_go(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with path.open("wb") as second:
        with path.open("rb") as first:
            assert lock_at_once(first)
            assert lock_at_once(first.fileno())
            assert not lock_at_once(second)
        assert lock_at_once(second)


def test_a_file_system_without_locks_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with (tmp_path / "file").open("wb") as file, pytest.raises(OSError, match="No locks"):
        lock_at_once(file)
