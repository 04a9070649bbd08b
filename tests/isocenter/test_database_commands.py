"""The commands that look at a database and at what is stored."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from archive import schema
from isocenter.demo.phantom import write_phantom
from tests.isocenter.conftest import Run


def test_index_and_files_are_compared(run: Run, folder: Path) -> None:
    write_phantom(folder / "study", slices=3, size=64)
    run("import", str(folder / "study"))
    assert "3 objects checked" in run("db", "check").output
    damaged = next((folder / "data" / "blobs").glob("??/*.dcm"))
    content = bytearray(damaged.read_bytes())
    content[-1] ^= 1
    damaged.write_bytes(content)
    assert "damaged: " in run("db", "check", code=1).output
    run("db", "check", "--repair", code=1)
    assert "2 objects checked" in run("db", "check").output


def test_the_schema_is_made_by_upgrade(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ISOCENTER_DATABASE__URL", f"sqlite:///{folder}/new.sqlite")
    run("db", "upgrade")
    assert schema.current(f"sqlite:///{folder}/new.sqlite") == schema.head()


def test_a_database_without_schema_is_told(
    fail: Callable[..., str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ISOCENTER_DATABASE__URL", f"sqlite:///{folder}/new.sqlite")
    (folder / "new.sqlite").touch()
    assert "run `isocenter db upgrade`" in fail("user", "list", code=2)


def test_a_database_that_is_not_there_is_told_and_not_made(
    fail: Callable[..., str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ISOCENTER_DATABASE__URL", f"sqlite:///{folder}/away/new.sqlite")
    text = fail("user", "list", code=2)
    assert f"database.url: there is no {folder}/away/new.sqlite" in text
    assert "`isocenter db upgrade`" in text
    monkeypatch.setenv("ISOCENTER_DATABASE__URL", f"sqlite:///{folder}/new.sqlite")
    fail("db", "check", code=2)
    assert not (folder / "new.sqlite").exists()


def test_a_database_of_a_newer_version_is_told(fail: Callable[..., str], sqlite_url: str) -> None:
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as index:
        index.execute("UPDATE alembic_version SET version_num = '9999'")
        index.commit()
    for command in (("db", "upgrade"), ("user", "list")):
        assert "schema 9999, of a newer version of Isocenter" in fail(*command, code=2)
