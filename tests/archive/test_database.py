"""The door to the database: durable, retried, and honest when it cannot."""

import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from archive.database import AsyncDatabase, Database
from archive.errors import Conflict, DatabaseUnavailable, InvalidQuery, NodeError, StorageFailed
from archive.tables import fact, instance
from tests import postgres


@pytest.fixture
async def asynchronous(database_url: str) -> AsyncIterator[AsyncDatabase]:
    opened = AsyncDatabase(database_url)
    yield opened
    await opened.dispose()


def put(connection: Connection, key: str, value: object = 1) -> None:
    connection.execute(insert(fact).values(key=key, value=value))


def count(connection: Connection) -> int:
    return connection.scalar(select(func.count()).select_from(fact)) or 0


def test_what_was_written_is_read(database: Database) -> None:
    database.write(put, "a", value={"b": [1]})
    assert database.read(count) == 1


def test_an_error_in_the_function_undoes_its_changes(database: Database) -> None:
    def fail(connection: Connection) -> None:
        put(connection, "a")
        raise Conflict

    with pytest.raises(Conflict):
        database.write(fail)
    assert database.read(count) == 0


def test_a_violated_constraint_is_not_retried(database: Database) -> None:
    database.write(put, "a")
    with pytest.raises(IntegrityError):
        database.write(put, "a")


def test_a_reading_function_cannot_write(database: Database) -> None:
    with pytest.raises((DBAPIError, StorageFailed)):
        database.read(put, "a")


def test_a_text_that_the_database_cannot_hold_is_refused_at_once(postgres_url: str) -> None:
    with Database(postgres_url, deadline_seconds=60) as database:
        started = time.monotonic()
        with pytest.raises(InvalidQuery):
            database.write(put, "a\0b")
        assert time.monotonic() - started < 10


def test_foreign_keys_are_enforced(database: Database) -> None:
    columns = ("study_instance_uid", "series_instance_uid", "sop_instance_uid", "sop_class_uid")
    row = dict.fromkeys(columns, "1.2") | {"transfer_syntax_uid": "1.2", "blob_key": "k", "content_hash": "h"}
    numbers = {"series_id": 4711, "data_offset": 0, "size": 0, "received": 0.0, "tenant": "default"}

    with pytest.raises(IntegrityError):
        database.write(lambda connection: connection.execute(insert(instance).values(row | numbers)))


def test_writers_of_many_threads_wait_for_each_other(database: Database) -> None:
    database.write(put, "start")

    def write_many(name: str) -> None:
        for number in range(25):
            database.write(put, f"{name}{number}")

    threads = [threading.Thread(target=write_many, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert database.read(count) == 101


def test_a_read_sees_one_state_while_others_write(database: Database) -> None:
    def count_twice(connection: Connection) -> tuple[int, int]:
        before = count(connection)
        database.write(put, "meanwhile")
        return before, count(connection)

    assert database.read(count_twice) == (0, 0)
    assert database.read(count) == 1


def test_sqlite_syncs_each_commit(sqlite_url: str) -> None:
    def settings(connection: Connection) -> tuple[object, object]:
        return connection.scalar(text("PRAGMA synchronous")), connection.scalar(text("PRAGMA journal_mode"))

    with Database(sqlite_url) as database:
        assert database.write(settings) == (2, "wal")


def test_postgresql_syncs_each_commit(postgres_url: str) -> None:
    with Database(postgres_url) as database:
        assert database.write(lambda c: c.scalar(text("SHOW synchronous_commit"))) == "on"


def test_a_serialization_failure_is_repeated(postgres_url: str) -> None:
    attempts = []

    def collide(connection: Connection) -> None:
        attempts.append(1)
        put(connection, f"attempt{len(attempts)}")
        if len(attempts) == 1:
            connection.execute(text("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40001'; END $$"))

    with Database(postgres_url) as database:
        database.write(collide)
        assert database.read(lambda c: c.scalars(select(fact.c.key)).all()) == ["attempt2"]


def test_a_locked_database_is_unavailable_after_the_deadline(sqlite_url: str) -> None:
    with Database(sqlite_url, deadline_seconds=0.2) as database, Database(sqlite_url) as other:

        def hold(_connection: Connection) -> None:
            with pytest.raises(DatabaseUnavailable):
                database.write(put, "a")

        other.write(hold)
        database.write(put, "b")
        assert database.read(count) == 1


def test_an_absent_server_is_unavailable_after_the_deadline(tmp_path: Path) -> None:
    with Database(f"postgresql://isocenter@/x?host={tmp_path}", deadline_seconds=0.3) as database:
        began = time.monotonic()
        with pytest.raises(DatabaseUnavailable):
            database.write(put, "a")
        assert time.monotonic() - began < 5


def test_a_server_that_comes_back_is_used_again() -> None:
    with postgres.running() as server, Database(server.url("postgres")) as database:
        assert database.write(lambda c: c.scalar(text("SELECT 1"))) == 1
        server.stop()
        restart = threading.Thread(target=server.start)
        restart.start()
        assert database.write(lambda c: c.scalar(text("SELECT 2"))) == 2
        restart.join()


def test_a_full_disk_under_the_index_is_told_from_other_errors(sqlite_url: str) -> None:
    def fill(connection: Connection) -> None:
        connection.execute(text("PRAGMA max_page_count=1"))
        put(connection, "a", value="x" * 1_000_000)

    with Database(sqlite_url) as database, pytest.raises(NodeError, match="no space left"):
        database.write(fill)


async def test_the_web_side_runs_the_same_functions(asynchronous: AsyncDatabase) -> None:
    await asynchronous.write(put, "a")
    assert await asynchronous.read(count) == 1


async def test_the_web_side_cannot_write_while_reading(asynchronous: AsyncDatabase) -> None:
    with pytest.raises((DBAPIError, StorageFailed)):
        await asynchronous.read(put, "a")


async def test_both_sides_write_to_one_database(asynchronous: AsyncDatabase, database: Database) -> None:
    database.write(put, "a")
    await asynchronous.write(put, "b")
    assert database.read(count) == await asynchronous.read(count) == 2
