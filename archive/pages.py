"""Lists that are read page by page: newest first, with a cursor, filtered by the names of the items' fields."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from sqlalchemy import BigInteger, ColumnElement, Connection, RowMapping, Select, Table, false, literal, select

from archive.errors import InvalidQuery, NotFound

DEFAULT_LIMIT: Final = 100
MAX_LIMIT: Final = 1_000
_LARGEST_KEY: Final = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A part of a collection.

    Parameters
    ----------
    items
        Objects as the API shows them, newest first.
    next
        The cursor of the page after this one; None where there is none.
    """

    items: list[dict[str, Any]]
    next: str | None


class Listing(Protocol):
    """Lists the rows of a tenant, newest first, filtered by the names of the items' fields."""

    def __call__(
        self,
        connection: Connection,
        /,
        tenant: str,
        *,
        limit: int = DEFAULT_LIMIT,
        cursor: str | None = None,
        **filters: str | None,
    ) -> Page:
        """Return one page."""


def listing_of(
    table: Table, filters: Mapping[str, ColumnElement[Any]], to_item: Callable[[RowMapping], dict[str, Any]]
) -> Listing:
    """Make the listing of a table.

    Parameters
    ----------
    table
        With the columns `id` and `tenant`.
    filters
        Columns to filter by, by the names of the items' fields.
    to_item
        Shows a row as the API does.
    """

    def listing(
        connection: Connection,
        /,
        tenant: str,
        *,
        limit: int = DEFAULT_LIMIT,
        cursor: str | None = None,
        **wanted: str | None,
    ) -> Page:
        statement = select(table).where(table.c.tenant == tenant, *equals(filters, wanted))
        return fetch_page(connection, statement, table.c.id, to_item, limit=limit, cursor=cursor)

    return listing


def columns_of(table: Table, *names: str) -> dict[str, ColumnElement[Any]]:
    """Return columns by their names, for fields that are called as they are."""
    return {name: table.c[name] for name in names}


def parse_id(text: str | int) -> int:
    """Return the row key that an id of the API stands for.

    Raises
    ------
    NotFound
        The text is no id that this node ever gave.
    """
    try:
        key = int(text)
    except ValueError as error:
        raise NotFound from error
    if not 0 < key <= _LARGEST_KEY:
        raise NotFound
    return key


def fetch_page(
    connection: Connection,
    statement: Select[Any],
    key: ColumnElement[int],
    to_item: Callable[[RowMapping], dict[str, Any]],
    *,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> Page:
    """Run `statement` for one page, ordered by `key` downwards; the cursor is the last key of a page.

    Rows that come in while a client turns pages are newer than its cursor: it sees each row once.

    Raises
    ------
    InvalidQuery
        `limit` or `cursor` are not possible.
    """
    rows = connection.execute(_for_page(statement, key, limit, cursor)).mappings().all()
    shown = rows[:limit]
    more = len(rows) > limit
    return Page(items=[to_item(row) for row in shown], next=str(shown[-1]["id"]) if more else None)


def _for_page(statement: Select[Any], key: ColumnElement[int], limit: int, cursor: str | None) -> Select[Any]:
    if not 0 < limit <= MAX_LIMIT:
        raise InvalidQuery(f"limit must be 1 to {MAX_LIMIT}.")
    if cursor is not None:
        try:
            statement = statement.where(key < parse_id(cursor))
        except NotFound as error:
            raise InvalidQuery("This cursor is none of ours.") from error
    return statement.order_by(key.desc()).limit(limit + 1)


def equals(columns: Mapping[str, ColumnElement[Any]], filters: Mapping[str, str | None]) -> list[ColumnElement[bool]]:
    """Return the conditions for filters that compare for equality; filters that are None do not count.

    Raises
    ------
    InvalidQuery
        A filter has no column.
    """
    conditions = []
    for name, value in filters.items():
        if value is None:
            continue
        if name not in columns:
            raise InvalidQuery(f"There is no filter {name!r}.")
        conditions.append(_equal(columns[name], name, value))
    return conditions


def _equal(column: ColumnElement[Any], name: str, value: str) -> ColumnElement[bool]:
    if column.type.python_type is int:
        return _equal_number(column, name, value)
    if "\0" in value:
        raise InvalidQuery(f"{name} holds a character that no value has.")
    return column == value


def _equal_number(column: ColumnElement[Any], name: str, value: str) -> ColumnElement[bool]:
    try:
        number = int(value)
    except ValueError as error:
        raise InvalidQuery(f"{name} must be a number.") from error
    if abs(number) > _LARGEST_KEY:
        # Drivers refuse to send it, and no column holds it.
        return false()
    # As wide as it may be, whatever the column is: PostgreSQL refuses a number that does not fit its type.
    return column == literal(number, BigInteger)
