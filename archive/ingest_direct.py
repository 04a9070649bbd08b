"""The usual case of ingest: new objects of series that are there, written with as few words as the drivers allow.

Anything else (a new series, a SOP Instance UID that is there already) is left to `archive.ingest_rows`.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import Dialect, Table, bindparam, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from archive.direct import Cursor, DirectTransactions
from archive.index import Row
from archive.tables import arrival, instance

# Both rows have columns of the same name; in one statement their parameters need different ones.
_PREFIX: Final = "arrival_"


class _NotNew(Exception):
    """One of the objects is there already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sqlite:
    """The two statements of an object, and how their parameters come out of its rows."""

    instance: str
    arrival: str
    of_instance: Callable[[Row], tuple[Any, ...]]
    of_arrival: Callable[[Row], tuple[Any, ...]]

    def insert(self, cursor: Cursor, rows: Sequence[tuple[Row, Row]]) -> None:
        for of_instance, of_arrival in rows:
            cursor.execute(self.instance, self.of_instance(of_instance))
            if cursor.rowcount != 1:
                raise _NotNew
            of_arrival["instance_id"] = cursor.lastrowid
            cursor.execute(self.arrival, self.of_arrival(of_arrival))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Postgresql:
    """One statement for both rows: a server is asked once for the whole group."""

    both: str

    def insert(self, cursor: Cursor, rows: Sequence[tuple[Row, Row]]) -> None:
        parameters = [
            of_instance | {_PREFIX + name: value for name, value in of_arrival.items()}
            for of_instance, of_arrival in rows
        ]
        cursor.executemany(self.both, parameters)
        if cursor.rowcount != len(rows):
            raise _NotNew


def insert_new(database: DirectTransactions, rows: Sequence[tuple[Row, Row]]) -> bool:
    """Write new objects in one transaction.

    Parameters
    ----------
    database
        Where to.
    rows
        For each object its row of `instance`, and that of `arrival` without the instance's key.

    Returns
    -------
    bool
        False when nothing was written because one of them is there already.

    Raises
    ------
    DBAPIError
        The database refused one, for example because its series was deleted.
    DatabaseUnavailable, StorageFull, StorageFailed
        It cannot be written now.
    """
    statements = _STATEMENTS.get(database.dialect.name)
    if statements is None:
        of_instance, of_arrival = rows[0]
        statements = _STATEMENTS[database.dialect.name] = _statements(database.dialect, of_instance, of_arrival)
    try:
        database.run(lambda cursor: statements.insert(cursor, rows))
    except _NotNew:
        return False
    return True


# All rows of a table have the same columns: made once for each kind of database.
_STATEMENTS: Final[dict[str, _Sqlite | _Postgresql]] = {}


def _statements(dialect: Dialect, of_instance: Iterable[str], of_arrival: Iterable[str]) -> _Sqlite | _Postgresql:
    if dialect.name == "sqlite":
        first = sqlite.insert(instance).on_conflict_do_nothing().values(_named(instance, of_instance))
        second = insert(arrival).values(_named(arrival, ("instance_id", *of_arrival)))
        compiled = [statement.compile(dialect=dialect) for statement in (first, second)]
        in_order = [itemgetter(*(each.positiontup or ())) for each in compiled]
        return _Sqlite(
            instance=str(compiled[0]), arrival=str(compiled[1]), of_instance=in_order[0], of_arrival=in_order[1]
        )
    return _Postgresql(both=str(_both(of_instance, of_arrival).compile(dialect=dialect)))


def _both(of_instance: Iterable[str], of_arrival: Iterable[str]) -> Any:
    new = postgresql.insert(instance).on_conflict_do_nothing().values(_named(instance, of_instance))
    inserted = new.returning(instance.c.id).cte("inserted")
    values = _named(arrival, of_arrival, _PREFIX)
    return insert(arrival).from_select(["instance_id", *values], select(inserted.c.id, *values.values()))


def _named(table: Table, columns: Iterable[str], prefix: str = "") -> dict[str, Any]:
    return {column: bindparam(prefix + column, type_=table.c[column].type) for column in columns}
