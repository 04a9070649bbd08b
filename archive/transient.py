"""Which database errors pass by themselves, and what the others mean for the caller."""

import sqlite3
from enum import Enum
from typing import Final

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from archive.errors import NodeError, StorageFailed, StorageFull

# SQLSTATE classes and codes of PostgreSQL worth a second try.
_TRANSIENT_STATES: Final = frozenset({"40001", "40P01", "55P03", "53300", "57P01", "57P02", "57P03"})
_CONNECTION_CLASS: Final = "08"
_FULL_STATES: Final = frozenset({"53100"})
_PRIMARY_CODE: Final = 0xFF


class Cause(Enum):
    """Why a transaction may succeed a moment later."""

    BUSY = "another writer of the same SQLite file"
    CONFLICT = "a conflict, or a connection that was lost or refused"


def cause_of(error: Exception) -> Cause | None:
    """Return why the same transaction may succeed later; None when it will not."""
    if isinstance(error, PoolTimeout):
        return Cause.CONFLICT
    if not isinstance(error, DBAPIError):
        return None
    if isinstance(error.orig, sqlite3.Error):
        busy = _sqlite_code(error.orig) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
        return Cause.BUSY if busy else None
    return Cause.CONFLICT if error.connection_invalidated or _may_pass(_sqlstate(error)) else None


def _may_pass(state: str | None) -> bool:
    # No SQLSTATE: the server could not be reached at all.
    return state is None or state in _TRANSIENT_STATES or state.startswith(_CONNECTION_CLASS)


def storage_error(error: DBAPIError) -> NodeError | None:
    """Return the error of this node that a full or failing disk under the database stands for, if it is one."""
    if isinstance(error.orig, sqlite3.Error):
        code = _sqlite_code(error.orig)
        if code == sqlite3.SQLITE_FULL:
            return StorageFull("The index cannot grow.")
        if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN):
            return StorageFailed("The index cannot be written.")
    elif _sqlstate(error) in _FULL_STATES:
        return StorageFull("The index cannot grow.")
    return None


def _sqlite_code(error: sqlite3.Error) -> int:
    # Extended codes keep the primary one in the lowest byte.
    return getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE


def _sqlstate(error: DBAPIError) -> str | None:
    state = getattr(error.orig, "sqlstate", None)
    return state if isinstance(state, str) else None
