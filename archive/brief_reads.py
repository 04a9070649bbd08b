"""Reads of an SQLite file that are over sooner than a change of thread: they run where they are asked for.

Each statement may take so many steps of SQLite's machine, about a millisecond, and waits for nobody. What takes longer
is given up, to be read in a thread.
"""

import sqlite3
from collections.abc import Callable
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.exc import DBAPIError

from archive.engines import parse_url

P = ParamSpec("P")
T = TypeVar("T")

# SQLite counts the steps of a statement on and on, over all its runs: where a run begins in this count is not known.
_STEPS: Final = 25_000
_MOST_TIMES: Final = 2


class TookLonger(Exception):
    """The read was given up."""


class BriefReads:
    """One connection for brief reads, of one thread: that of the event loop.

    Parameters
    ----------
    url
        The SQLite file.
    """

    def __init__(self, url: str) -> None:
        self._engine = create_engine(parse_url(url), pool_size=1, max_overflow=0)
        event.listen(self._engine, "connect", self._open)
        event.listen(self._engine, "begin", _begin)
        # Kept: to take it from the pool and give it back would take as long as many a read.
        self._connection: Connection | None = None
        self._times = 0

    def read(self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `function(connection, …)` in one read transaction.

        Raises
        ------
        TookLonger
            It takes more steps than a brief read may, or the file is locked or away.
        """
        try:
            connection = self._opened()
            self._times = 0
            with connection.begin():
                return function(connection, *args, **kwargs)
        except DBAPIError as error:
            raise TookLonger from error

    def state(self) -> int:
        """Tell the states of the file apart: another number once somebody else has committed anything.

        Raises
        ------
        TookLonger
            The file is locked or away.
        """
        try:
            driver: Any = self._opened().connection.driver_connection
            number: int = driver.execute("PRAGMA data_version").fetchone()[0]
        except (DBAPIError, sqlite3.Error) as error:
            raise TookLonger from error
        return number

    def dispose(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
        self._engine.dispose()

    def _opened(self) -> Connection:
        if self._connection is None:
            self._connection = self._engine.connect()
        return self._connection

    def _open(self, connection: Any, _record: object) -> None:
        # The driver's own transaction handling would begin only with a statement that writes.
        connection.isolation_level = None
        for pragma in ("busy_timeout=0", "query_only=ON", "cache_size=-16000", "temp_store=MEMORY"):
            connection.execute(f"PRAGMA {pragma}")
        connection.set_progress_handler(self._is_long, _STEPS)

    def _is_long(self) -> bool:
        """Tell SQLite, which asks each time it has done so many steps, whether to give up."""
        self._times += 1
        return self._times > _MOST_TIMES


def _begin(connection: Connection) -> None:
    driver: Any = connection.connection.driver_connection
    try:
        driver.execute("BEGIN")
    except sqlite3.Error as error:
        raise TookLonger from error
