"""The door to the database: functions on a connection, run in one transaction, repeated where that helps.

`Database` serves threads, `AsyncDatabase` the web side; both run the very same functions.
"""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Concatenate, Final, ParamSpec, Self, TypeVar

from sqlalchemy import URL, Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine

from archive.attempts import Attempts
from archive.direct import DirectTransactions
from archive.engines import async_reading_engine, async_writing_engine, is_sqlite, reading_engine, writing_engine
from archive.turns import Turns

P = ParamSpec("P")
T = TypeVar("T")

DEADLINE_SECONDS: Final = 10.0


def _turns(url: URL) -> Turns | None:
    """Return how writers wait for each other: only SQLite needs it, and a PostgreSQL server has no file here."""
    return Turns(Path(f"{url.database}.writers")) if is_sqlite(url) and url.database else None


class Database:
    """Synchronous access, safe to share between threads.

    Parameters
    ----------
    url
        `sqlite:///path` or `postgresql://…`; the schema must be there (`archive.schema.upgrade`).
    pool_size
        Connections kept open; as many again may be opened under load.
    deadline_seconds
        How long a transaction is repeated before `DatabaseUnavailable` is raised.
    """

    def __init__(self, url: str, *, pool_size: int = 5, deadline_seconds: float = DEADLINE_SECONDS) -> None:
        self.url = url
        self._deadline_seconds = deadline_seconds
        self._writing = writing_engine(url, pool_size)
        self._reading = reading_engine(url, pool_size, self._writing)
        self._turns = _turns(self._writing.url)
        self.direct = DirectTransactions(self._writing, self._turns, deadline_seconds)

    def read(self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `function(connection, …)` in one read transaction, which sees one state of the database."""
        return self._run(self._reading, None, function, *args, **kwargs)

    def write(self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `function(connection, …)` in one write transaction, committed when this returns.

        The function runs again from its start when the transaction met a conflict or a lost connection, so it must
        not change anything but the database.
        """
        return self._run(self._writing, self._turns, function, *args, **kwargs)

    def dispose(self) -> None:
        """Close all connections."""
        self.direct.close()
        self._reading.dispose()
        self._writing.dispose()
        if self._turns:
            self._turns.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.dispose()

    def _run(
        self,
        engine: Engine,
        turns: Turns | None,
        function: Callable[Concatenate[Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        attempts = Attempts(self._deadline_seconds)
        while True:
            try:
                # Not held during the pause: whoever else waits keeps to its own deadline.
                with attempts.turn_of(turns), engine.begin() as connection:
                    result = function(connection, *args, **kwargs)
                    attempts.commits = True
            except (DBAPIError, PoolTimeout) as error:
                time.sleep(attempts.pause_after(error))
            else:
                return result


class AsyncDatabase:
    """The same for asyncio: `await database.read(function, …)` runs the synchronous function on an async driver."""

    def __init__(self, url: str, *, pool_size: int = 5, deadline_seconds: float = DEADLINE_SECONDS) -> None:
        self.url = url
        self._deadline_seconds = deadline_seconds
        self._writing = async_writing_engine(url, pool_size)
        self._reading = async_reading_engine(url, pool_size, self._writing)

    async def read(self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `function(connection, …)` in one read transaction."""
        return await self._run(self._reading, function, *args, **kwargs)

    async def write(self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `function(connection, …)` in one write transaction, committed when this returns."""
        return await self._run(self._writing, function, *args, **kwargs)

    async def dispose(self) -> None:
        """Close all connections."""
        await self._reading.dispose()
        await self._writing.dispose()

    async def _run(
        self, engine: AsyncEngine, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        attempts = Attempts(self._deadline_seconds)
        while True:
            try:
                async with engine.begin() as connection:
                    return await connection.run_sync(function, *args, **kwargs)
            except (DBAPIError, PoolTimeout) as error:
                pause = attempts.pause_after(error)
            await asyncio.sleep(pause)
