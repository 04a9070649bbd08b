"""The web side on an SQLite file: the same promises as of any other database, in threads."""

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import Connection, insert, select, text
from sqlalchemy.exc import DBAPIError

from archive.database import AsyncDatabase, Database
from archive.errors import Conflict, StorageFailed
from archive.tables import fact
from archive.threaded_database import ThreadedDatabase, open_async, read_briefly

_AT_ONCE = 4


@pytest.fixture
async def asynchronous(sqlite_url: str) -> AsyncIterator[AsyncDatabase]:
    with Database(sqlite_url) as database:
        opened = open_async(database, connections=_AT_ONCE)
        yield opened
        await opened.dispose()


def put(connection: Connection, key: str) -> None:
    connection.execute(insert(fact).values(key=key, value=1))


def keys(connection: Connection) -> list[str]:
    return list(connection.execute(select(fact.c.key)).scalars())


async def test_an_sqlite_file_is_opened_in_threads(asynchronous: AsyncDatabase) -> None:
    assert isinstance(asynchronous, ThreadedDatabase)


async def test_a_postgresql_server_is_asked_without_threads() -> None:
    with Database("postgresql://nobody@127.0.0.1:1/none") as database:
        opened = open_async(database, connections=_AT_ONCE)
        assert type(opened) is AsyncDatabase
        await opened.dispose()


async def test_what_was_written_is_read(asynchronous: AsyncDatabase) -> None:
    await asynchronous.write(put, "a")
    assert await asynchronous.read(keys) == ["a"]


async def test_an_error_in_the_function_undoes_its_changes(asynchronous: AsyncDatabase) -> None:
    def fail(connection: Connection) -> None:
        put(connection, "a")
        raise Conflict

    with pytest.raises(Conflict):
        await asynchronous.write(fail)
    assert await asynchronous.read(keys) == []


async def test_a_reading_function_cannot_write(asynchronous: AsyncDatabase) -> None:
    with pytest.raises((DBAPIError, StorageFailed)):
        await asynchronous.read(put, "a")


async def test_who_reads_does_not_wait_behind_those_who_write(asynchronous: AsyncDatabase) -> None:
    released = threading.Event()

    def wait(connection: Connection, key: str) -> None:
        put(connection, key)
        released.wait(10)

    writing = [asyncio.create_task(asynchronous.write(wait, str(number))) for number in range(_AT_ONCE)]
    assert await asyncio.wait_for(asynchronous.read(keys), 5) == []
    released.set()
    await asyncio.gather(*writing)
    assert len(await asynchronous.read(keys)) == _AT_ONCE


async def test_a_brief_read_is_done_where_it_is_asked_for(asynchronous: AsyncDatabase) -> None:
    await asynchronous.write(put, "a")
    assert await read_briefly(asynchronous, keys) == ["a"]
    assert await read_briefly(asynchronous, thread_of) == threading.get_ident()


async def test_a_brief_read_stays_one_however_often_it_is_repeated(asynchronous: AsyncDatabase) -> None:
    where = {await read_briefly(asynchronous, thread_after_counting) for _ in range(100)}
    assert where == {threading.get_ident()}


async def test_a_read_that_takes_longer_is_done_in_a_thread(asynchronous: AsyncDatabase) -> None:
    assert await read_briefly(asynchronous, count_slowly) == 1_000_000
    assert await read_briefly(asynchronous, keys) == []


async def test_a_brief_read_cannot_write(asynchronous: AsyncDatabase) -> None:
    with pytest.raises(StorageFailed):
        await read_briefly(asynchronous, put, "a")
    assert await asynchronous.read(keys) == []


def thread_of(_connection: Connection) -> int:
    return threading.get_ident()


def thread_after_counting(connection: Connection) -> int:
    count(connection, 1_000)
    return threading.get_ident()


def count_slowly(connection: Connection) -> int:
    return count(connection, 1_000_000)


def count(connection: Connection, most: int) -> int:
    rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :most) SELECT count(*) FROM n"
    return int(connection.execute(text(rows), {"most": most}).scalar_one())
