"""Inserts that leave a row alone that is there already, in the words of either database."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_missing(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert those `rows` whose unique values are not there yet.

    Returns
    -------
    int
        How many were inserted.
    """
    if not rows:
        return 0
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert(table).on_conflict_do_nothing()
    # One statement a row: both drivers keep it prepared, and the number of parameters stays bounded.
    return sum(connection.execute(statement, dict(row)).rowcount for row in rows)
