"""The schema's version: brought up to date at start, by whichever process comes first."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, create_engine, event, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from archive.engines import CONNECT_TIMEOUT_SECONDS, is_sqlite, parse_url
from archive.errors import DatabaseUnavailable

# Any number does that no other program locks in the same PostgreSQL database.
_LOCK_KEY: Final = 0x150CE117E2


def upgrade(url: str, revision: str = "head") -> None:
    """Create the schema or bring it up to date. Several processes may call this at once.

    Raises
    ------
    DatabaseUnavailable
        The database cannot be opened.
    """
    try:
        with _locked(parse_url(url)) as connection:
            command.upgrade(_config(connection), revision)
    except DBAPIError as error:
        raise DatabaseUnavailable from error


def current(url: str) -> str | None:
    """Return the revision the database is at; None when it is empty."""
    try:
        with _connection(parse_url(url)) as connection:
            return MigrationContext.configure(connection).get_current_revision()
    except DBAPIError as error:
        raise DatabaseUnavailable from error


def may_be_there(url: str) -> bool:
    """Tell whether it is worth a look: to open an SQLite file that is not there would make it."""
    parsed = parse_url(url)
    return not is_sqlite(parsed) or Path(parsed.database or "").is_file()


def head() -> str | None:
    """Return the newest revision this program knows."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def _config(connection: Connection | None = None) -> Config:
    config = Config(attributes={"connection": connection})
    # Alembic reads "%" in options as interpolation.
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config


@contextmanager
def _locked(url: URL) -> Iterator[Connection]:
    """Open a connection that holds the lock under which alone the schema changes."""
    if is_sqlite(url):
        with _sqlite_lock(url), _connection(url) as connection:
            yield connection
        return
    with _connection(url) as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})
        yield connection


@contextmanager
def _sqlite_lock(url: URL) -> Iterator[None]:
    # A file lock, because switching to WAL fails at once where another process does the same.
    path = Path(url.database or "")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(path.name + ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _connection(url: URL) -> Iterator[Connection]:
    options = {} if is_sqlite(url) else {"connect_timeout": CONNECT_TIMEOUT_SECONDS}
    engine = create_engine(url, poolclass=NullPool, connect_args=options)
    if is_sqlite(url):
        event.listen(engine, "connect", _open_sqlite)
        event.listen(engine, "begin", _begin_immediate)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def _open_sqlite(connection: DBAPIConnection, _record: object) -> None:
    # The file itself remembers WAL, so this is the only place that sets it.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("busy_timeout=30000", "journal_mode=WAL", "synchronous=FULL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
