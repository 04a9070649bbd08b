"""The schema: migrations make exactly the tables the program uses."""

import importlib
import threading
import warnings
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, select

from archive import schema
from archive.database import Database
from archive.errors import DatabaseUnavailable
from archive.tables import metadata, quarantine
from tests import postgres


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"include_name": is_compared})
    with warnings.catch_warnings():
        # SQLite cannot tell of indexes over expressions.
        warnings.filterwarnings("ignore", "Skipped unsupported reflection of expression-based index")
        return list(compare_metadata(context, metadata))


def is_compared(name: str | None, kind: str, _parents: object) -> bool:
    """Leave out the indexes over parts of names: queries and the migration share their SQL, tables know none of it."""
    return not (kind == "index" and name in {"ix_study_name_ideographic", "ix_study_name_phonetic"})


def test_migrations_make_the_tables_of_the_program(database: Database) -> None:
    assert database.write(differences) == []


def test_a_migrated_database_is_at_the_head(database_url: str) -> None:
    assert schema.current(database_url) == schema.head()


def test_an_empty_database_has_no_revision(tmp_path: Path) -> None:
    assert schema.current(f"sqlite:///{tmp_path}/new.sqlite") is None


def test_upgrading_twice_changes_nothing(database_url: str) -> None:
    schema.upgrade(database_url)
    assert schema.current(database_url) == schema.head()


def _upgrade_together(url: str) -> None:
    failures: list[BaseException] = []

    def upgrade() -> None:
        try:
            schema.upgrade(url)
        except BaseException as error:  # noqa: BLE001 - the thread's edge: whatever it was fails the test
            failures.append(error)

    threads = [threading.Thread(target=upgrade) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert schema.current(url) == schema.head()


def test_an_earlier_program_does_not_get_objects_whose_hash_it_cannot_know(database: Database) -> None:
    migration = importlib.import_module("archive.migrations.versions.0013_content_hash")
    row = quarantine_row("blake3:00")

    def downgrade(connection: Connection) -> None:
        with Operations.context(MigrationContext.configure(connection)):
            migration.downgrade()
            migration.upgrade()

    database.write(lambda connection: connection.execute(quarantine.insert().values(row)))
    with pytest.raises(RuntimeError, match="earlier program"):
        database.write(downgrade)
    database.write(lambda connection: connection.execute(quarantine.update().values(content_hash="0" * 64)))
    database.write(downgrade)
    assert database.read(lambda connection: connection.scalars(select(quarantine.c.content_hash)).all()) == ["0" * 64]


def quarantine_row(content_hash: str) -> dict[str, object]:
    texts = dict.fromkeys(("tenant", "sop_instance_uid", "blob_key", "reason", "source_ae_title"), "x")
    return {**texts, "content_hash": content_hash, "size": 1, "received": 0.0}


def test_several_processes_may_upgrade_one_sqlite_file_at_once(tmp_path: Path) -> None:
    _upgrade_together(f"sqlite:///{tmp_path}/new.sqlite")


def test_several_processes_may_upgrade_one_postgresql_database_at_once(postgres_server: postgres.Server) -> None:
    _upgrade_together(postgres_server.create("empty"))
    postgres_server.drop("empty")


def test_a_database_that_cannot_be_opened_is_said_to_be_unavailable(tmp_path: Path) -> None:
    (tmp_path / "folder.sqlite").mkdir()
    with pytest.raises(DatabaseUnavailable):
        schema.upgrade(f"sqlite:///{tmp_path}/folder.sqlite")


def test_an_absent_server_is_said_to_be_unavailable(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailable):
        schema.upgrade(f"postgresql://isocenter@/x?host={tmp_path}")
