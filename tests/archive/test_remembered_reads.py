"""What is remembered is what would be read: a commit of anybody, in this process or another, is seen at once."""

import asyncio
import sys
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import Connection, delete, insert, select

from archive.database import AsyncDatabase, Database
from archive.remembered_reads import RememberedReads
from archive.tables import fact
from archive.threaded_database import open_async


@pytest.fixture
async def opened(database_url: str) -> AsyncIterator[tuple[Database, AsyncDatabase]]:
    with Database(database_url) as database:
        asynchronous = open_async(database, connections=2)
        yield database, asynchronous
        await asynchronous.dispose()


class Reader:
    """Counts how often it reads."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, connection: Connection, key: str) -> str | None:
        self.times += 1
        found: str | None = connection.execute(select(fact.c.key).where(fact.c.key == key)).scalar_one_or_none()
        return found


def put(connection: Connection, key: str) -> None:
    connection.execute(insert(fact).values(key=key, value=1))


def remove(connection: Connection, key: str) -> None:
    connection.execute(delete(fact).where(fact.c.key == key))


async def test_what_appears_and_what_is_removed_is_seen_by_the_next_read(
    opened: tuple[Database, AsyncDatabase],
) -> None:
    database, asynchronous = opened
    reads = RememberedReads[str | None](asynchronous)
    read = Reader()
    assert await reads.read("a", read, "a") is None
    for _ in range(3):
        database.write(put, "a")
        assert await reads.read("a", read, "a") == "a"
        await asynchronous.write(remove, "a")
        assert await reads.read("a", read, "a") is None


async def test_another_process_is_noticed(sqlite_url: str) -> None:
    with Database(sqlite_url) as database:
        asynchronous = open_async(database, connections=2)
        reads = RememberedReads[str | None](asynchronous)
        assert await reads.read("a", Reader(), "a") is None
        script = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute(sys.argv[2]); c.commit()"
        statement = "INSERT INTO fact (key, value) VALUES ('a', 1)"
        path = sqlite_url.removeprefix("sqlite:///")
        other = await asyncio.create_subprocess_exec(sys.executable, "-c", script, path, statement)
        assert await other.wait() == 0
        assert await reads.read("a", Reader(), "a") == "a"
        await asynchronous.dispose()


async def test_nothing_is_read_twice_while_nothing_changes(sqlite_url: str) -> None:
    with Database(sqlite_url) as database:
        asynchronous = open_async(database, connections=2)
        reads = RememberedReads[str | None](asynchronous, most=2)
        read = Reader()
        for key in ("a", "a", "b", "a", "b"):
            await reads.read(key, read, key)
        assert read.times == 2
        for key in ("c", "a"):
            # Others had to make room.
            await reads.read(key, read, key)
        assert read.times == 4
        await asynchronous.dispose()
