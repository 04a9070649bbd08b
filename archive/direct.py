"""Transactions that speak to the driver itself: for the one statement pair that every object needs.

SQLAlchemy's own way (pool, events, compiled statement, result) takes 0.2 ms of such a transaction, which is as long as
everything else that Python does for a small object. The connection is one of its pool, kept out of it; what goes
wrong is told in its words.
"""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, Protocol, TypeVar

from sqlalchemy import Engine, PoolProxiedConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from archive.attempts import Attempts
from archive.log_space import LogFlush, reserve_log
from archive.turns import Turns

T = TypeVar("T")

_BEGIN: Final = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "BEGIN"}


class Cursor(Protocol):
    """What both drivers' cursors have (PEP 249)."""

    rowcount: int
    lastrowid: int | None

    def execute(self, sql: str, parameters: Any = ..., /) -> object:
        """Execute one statement."""

    def executemany(self, sql: str, parameters: Any, /) -> object:
        """Execute one statement for each set of parameters."""


class DirectTransactions:
    """Write transactions on one connection that stays open. Safe to share between threads, which take turns.

    Parameters
    ----------
    engine
        Where the connection comes from.
    turns
        How writers of an SQLite file wait for each other.
    deadline_seconds
        How long a transaction is repeated before `DatabaseUnavailable` is raised.
    """

    def __init__(self, engine: Engine, turns: Turns | None, deadline_seconds: float) -> None:
        self.dialect = engine.dialect
        self._engine = engine
        self._turns = turns
        self._deadline_seconds = deadline_seconds
        self._begin = _BEGIN[engine.dialect.name]
        self._errors: type[Exception] = engine.dialect.loaded_dbapi.Error
        self._guard = threading.Lock()
        self._connection: PoolProxiedConnection | None = None
        self._cursor: Any = None
        self._log: LogFlush | None = None
        # How long the last commit took, for those who count it.
        self.commit_seconds = 0.0

    def run(self, function: Callable[[Cursor], T]) -> T:
        """Run `function(cursor)` in one write transaction, committed when this returns.

        Like those of `Database.write` the function may run several times.

        Raises
        ------
        DBAPIError
            The database refused a statement.
        DatabaseUnavailable, StorageFull, StorageFailed
            It cannot be written now.
        """
        attempts = Attempts(self._deadline_seconds)
        turns = self._turns
        while True:
            try:
                with self._guard:
                    if turns is None:
                        return self._transaction(function, attempts)
                    turns.take(attempts.seconds_left)
                    try:
                        result = self._transaction(function, attempts)
                    finally:
                        turns.give_back()
                    self._flush()
                    return result
            except (DBAPIError, PoolTimeout) as error:
                time.sleep(attempts.pause_after(error))

    def close(self) -> None:
        """Give the connection back."""
        with self._guard:
            self._let_go(None)

    def _transaction(self, function: Callable[[Cursor], T], attempts: Attempts) -> T:
        try:
            cursor = self._cursor or self._connect()
            cursor.execute(self._begin)
            result = function(cursor)
            begun = time.perf_counter()
            attempts.commits = True
            cursor.execute("COMMIT")
            self.commit_seconds = time.perf_counter() - begun
        except self._errors as error:
            raise self._told(error) from error
        except BaseException:
            self._roll_back()
            raise
        return result

    def _flush(self) -> None:
        """Make the last commit durable, where that is not part of it; others take their turns meanwhile."""
        if self._log is not None:
            begun = time.perf_counter()
            self._log.flush()
            self.commit_seconds += time.perf_counter() - begun

    def _connect(self) -> Any:
        self._connection = self._engine.raw_connection()
        driver: Any = self._connection.driver_connection
        # BEGIN and COMMIT are statements here, as SQLAlchemy's SQLite connections have it already.
        if self.dialect.name == "postgresql":
            driver.autocommit = True
        self._cursor = driver.cursor()
        if self.dialect.name == "sqlite" and self._engine.url.database:
            reserve_log(self._cursor, self._engine.url.database)
            self._log = LogFlush(self._cursor, self._engine.url.database)
        return self._cursor

    def _told(self, error: Exception) -> DBAPIError:
        """Return the error as SQLAlchemy tells it; a connection that is lost is thrown away."""
        connection: Any = self._connection
        failure: Any = error
        is_lost = connection is None or self.dialect.is_disconnect(failure, connection, self._cursor)
        told = DBAPIError.instance(
            None, None, error, self._errors, connection_invalidated=is_lost, dialect=self.dialect
        )
        if is_lost:
            self._let_go(error)
        else:
            self._roll_back()
        assert isinstance(told, DBAPIError)  # noqa: S101 - for the type checker: an error of the driver becomes one
        return told

    def _roll_back(self) -> None:
        if self._cursor is None:
            return
        try:
            self._cursor.execute("ROLLBACK")
        except self._errors as error:
            # SQLite has rolled back by itself after some errors; of any other connection nothing is known any more.
            if self.dialect.name != "sqlite":
                self._let_go(error)

    def _let_go(self, error: Exception | None) -> None:
        connection, self._connection, self._cursor = self._connection, None, None
        log, self._log = self._log, None
        if connection is None:
            return
        with suppress(*([self._errors] if error else [])):
            if log is not None:
                log.close()
            if error is not None:
                connection.invalidate(error)
            else:
                if self.dialect.name == "postgresql":
                    connection.driver_connection.autocommit = False  # type: ignore[union-attr]
                connection.close()
