"""Facts about the node itself that must survive a restart."""

from typing import Any

from sqlalchemy import Connection, delete, insert, select

from archive.tables import fact


def get(connection: Connection, key: str) -> Any:
    """Return the fact kept under `key`; None where there is none."""
    return connection.execute(select(fact.c.value).where(fact.c.key == key)).scalar_one_or_none()


def put(connection: Connection, key: str, value: Any) -> None:
    """Keep `value` (anything JSON can hold) under `key`."""
    connection.execute(delete(fact).where(fact.c.key == key))
    connection.execute(insert(fact).values(key=key, value=value))
