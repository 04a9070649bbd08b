"""Rows of a statement whose text is known already, as the driver gives them.

A search of some rows takes SQLAlchemy longer to wrap than SQLite to find. Only its driver for threads is asked itself;
the others are asked the usual way.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

Row: TypeAlias = Sequence[Any]
Parameters: TypeAlias = tuple[Any, ...] | Mapping[str, Any]

_SQLITE: Final = "pysqlite"


def all_rows(connection: Connection, sql: str, parameters: Parameters) -> Sequence[Row]:
    """Return all rows; for answers of a limited length."""
    if connection.dialect.driver != _SQLITE:
        return connection.exec_driver_sql(sql, parameters).all()
    return [row for rows in _of_sqlite(connection, sql, parameters, -1) for row in rows]


def partitions(connection: Connection, sql: str, parameters: Parameters, size: int) -> Iterator[Sequence[Row]]:
    """Yield the rows, so many at a time, as they are found."""
    if connection.dialect.driver != _SQLITE:
        yield from connection.exec_driver_sql(sql, parameters, execution_options={"yield_per": size}).partitions()
        return
    yield from _of_sqlite(connection, sql, parameters, size)


def _of_sqlite(connection: Connection, sql: str, parameters: Parameters, size: int) -> Iterator[list[Any]]:
    driver: Any = connection.connection.driver_connection
    try:
        cursor = driver.execute(sql, parameters)
        while rows := cursor.fetchmany(size):
            yield rows
    except sqlite3.Error as error:
        # As SQLAlchemy says it, on which it depends what is done again; values of statements stay out of logs.
        raise DBAPIError.instance(sql, None, error, sqlite3.Error, hide_parameters=True) from error
