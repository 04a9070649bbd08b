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
    # What it returns tells whether there was an insert; the row count of an INSERT is not the same on both drivers.
    statement = insert(table).on_conflict_do_nothing().returning(*table.primary_key)
    # One statement a row: both drivers keep it prepared, and the number of parameters stays bounded.
    return sum(connection.execute(statement, dict(row)).first() is not None for row in rows)
