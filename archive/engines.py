"""Engines for SQLite and PostgreSQL, set up so that a commit means: it is on the disk."""

from typing import Any, Final

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

# How long SQLite itself waits when it must, for a checkpoint or a recovery. Writers do not let it wait for each other:
# its pauses grow to 100 ms, where another writer is done within one or two; `archive.database` waits instead.
_READER_BUSY_MILLISECONDS: Final = 5_000
_WRITER_BUSY_MILLISECONDS: Final = 0
# 16 MB of log. Whoever fills it copies it into the database, and all other writers wait some milliseconds for that.
CHECKPOINT_PAGES: Final = 4_000
POOL_TIMEOUT_SECONDS: Final = 5.0
CONNECT_TIMEOUT_SECONDS: Final = 5

_DRIVERS: Final = {"sqlite": ("sqlite+pysqlite", "sqlite+aiosqlite"), "postgresql": ("postgresql+psycopg",) * 2}


def parse_url(text: str, *, asynchronous: bool = False) -> URL:
    """Return the SQLAlchemy URL for `sqlite:///…` or `postgresql://…`, with the driver this node uses."""
    url = make_url(text)
    drivers = _DRIVERS.get(url.get_backend_name())
    if drivers is None:
        raise ValueError("database.url must start with sqlite:/// or postgresql://")
    return url.set(drivername=drivers[asynchronous])


def is_sqlite(url: URL) -> bool:
    """Tell whether the URL names an SQLite file."""
    return url.get_backend_name() == "sqlite"


def writing_engine(text: str, pool_size: int) -> Engine:
    """Return the engine for write transactions."""
    url = parse_url(text)
    engine = create_engine(url, **_options(url, pool_size))
    _prepare(engine, writing=True)
    return engine


def reading_engine(text: str, pool_size: int, writing: Engine) -> Engine:
    """Return the engine for read transactions: on PostgreSQL it shares the pool of `writing`."""
    url = parse_url(text)
    if not is_sqlite(url):
        return writing.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    engine = create_engine(url, **_options(url, pool_size))
    _prepare(engine, writing=False)
    return engine


def async_writing_engine(text: str, pool_size: int) -> AsyncEngine:
    """Return the asyncio engine for write transactions."""
    url = parse_url(text, asynchronous=True)
    engine = create_async_engine(url, **_options(url, pool_size))
    _prepare(engine.sync_engine, writing=True)
    return engine


def async_reading_engine(text: str, pool_size: int, writing: AsyncEngine) -> AsyncEngine:
    """Return the asyncio engine for read transactions."""
    url = parse_url(text, asynchronous=True)
    if not is_sqlite(url):
        return writing.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    engine = create_async_engine(url, **_options(url, pool_size))
    _prepare(engine.sync_engine, writing=False)
    return engine


def _options(url: URL, pool_size: int) -> dict[str, Any]:
    options: dict[str, Any] = {
        "pool_size": pool_size,
        "max_overflow": pool_size,
        "pool_timeout": POOL_TIMEOUT_SECONDS,
    }
    if not is_sqlite(url):
        # A server that was restarted must not cost the first caller of each pooled connection an error.
        options["pool_pre_ping"] = True
        options["connect_args"] = {"connect_timeout": CONNECT_TIMEOUT_SECONDS}
    return options


def _prepare(engine: Engine, *, writing: bool) -> None:
    """Set the engine up so that connections are durable (writing) or cannot write (reading)."""
    if is_sqlite(engine.url):
        event.listen(engine, "connect", _open_sqlite_writer if writing else _open_sqlite_reader)
        event.listen(engine, "begin", _begin_immediate if writing else _begin_deferred)


def _open_sqlite_writer(connection: Any, _record: object) -> None:
    # WAL with FULL syncs the log at each commit: success is answered only after that (design, "What success means").
    _set_pragmas(
        connection,
        f"busy_timeout={_WRITER_BUSY_MILLISECONDS}",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"wal_autocheckpoint={CHECKPOINT_PAGES}",
    )


def _open_sqlite_reader(connection: Any, _record: object) -> None:
    _set_pragmas(connection, f"busy_timeout={_READER_BUSY_MILLISECONDS}", "query_only=ON")


def _set_pragmas(connection: Any, *pragmas: str) -> None:
    # The driver's own transaction handling starts transactions too late and never IMMEDIATE; the hooks do it.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (*pragmas, "cache_size=-16000", "temp_store=MEMORY"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_immediate(connection: Any) -> None:
    # A deferred transaction that turns into a writer fails at once when another one wrote meanwhile; this one waits.
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin_deferred(connection: Any) -> None:
    connection.exec_driver_sql("BEGIN")
