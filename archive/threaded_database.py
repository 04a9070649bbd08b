"""The web side's door to an SQLite file: a whole transaction in one thread, with one change of thread there and back.

The asyncio driver for SQLite is such a thread too, but each step of a transaction (begin, execute, fetch, commit) is a
change of thread and back: an empty transaction takes ten times as long.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection

from archive.brief_reads import BriefReads, TookLonger
from archive.database import AsyncDatabase, Database
from archive.engines import is_sqlite, parse_url

P = ParamSpec("P")
T = TypeVar("T")


class ThreadedDatabase(AsyncDatabase):
    """An `AsyncDatabase` whose transactions run in threads.

    Parameters
    ----------
    database
        Where they run. It is used, not owned.
    threads
        How many read at once, and how many write; as many connections as `database` keeps open.
    """

    def __init__(self, database: Database, *, threads: int) -> None:
        self.url = database.url
        self._database = database
        # Whoever reads does not wait behind those who wait for their turn to write.
        self._readers = ThreadPoolExecutor(threads, thread_name_prefix="reader")
        self._writers = ThreadPoolExecutor(threads, thread_name_prefix="writer")
        self._brief = BriefReads(database.url)

    async def read(self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `function(connection, …)` in one read transaction."""
        return await _in_thread(self._readers, partial(self._database.read, function, *args, **kwargs))

    async def read_briefly(
        self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `function(connection, …)` at once where that is brief, else in a thread.

        Two threads of one process take turns: with many requests at once, each would wait for the other.
        """
        try:
            return self._brief.read(function, *args, **kwargs)
        except TookLonger:
            return await self.read(function, *args, **kwargs)

    def state(self) -> int | None:
        """Tell the states of the database apart, at once: the number is another one after a commit; None if unknown."""
        try:
            return self._brief.state()
        except TookLonger:
            return None

    async def write(self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `function(connection, …)` in one write transaction, committed when this returns."""
        return await _in_thread(self._writers, partial(self._database.write, function, *args, **kwargs))

    async def dispose(self) -> None:
        """Let the threads end when they have done what was begun."""
        for threads in (self._readers, self._writers):
            threads.shutdown(wait=False)
        self._brief.dispose()


async def _in_thread(threads: Executor, transaction: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(threads, transaction)


async def read_briefly(
    database: AsyncDatabase, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """Read what is usually found at once, such as the answer to a search."""
    if isinstance(database, ThreadedDatabase):
        return await database.read_briefly(function, *args, **kwargs)
    return await database.read(function, *args, **kwargs)


def open_async(database: Database, *, connections: int) -> AsyncDatabase:
    """Open the web side's door to the database that `database` is the threads' door to.

    Parameters
    ----------
    connections
        How many transactions of a kind run at once.
    """
    if is_sqlite(parse_url(database.url)):
        return ThreadedDatabase(database, threads=connections)
    return AsyncDatabase(database.url, pool_size=connections)
