"""SQLite's write-ahead log: room made before it is needed, and its flush.

A commit that lengthens the log waits for the file system to note the new length as well, which doubles the time of the
flush. SQLite writes the log again from its beginning after each checkpoint, and does not mind what lies behind its last
valid frame (https://www.sqlite.org/fileformat2.html#the_write_ahead_log).
"""

import os
import sqlite3
from pathlib import Path
from typing import Any, Final

import structlog

from archive.engines import CHECKPOINT_PAGES
from archive.errors import CommitUnknown
from archive.storage_errors import storage_error

_FRAME_BYTES: Final = 4_096 + 24
# A checkpoint is made when the log has this many pages; a large transaction may pass that a little.
LOG_BYTES: Final = (CHECKPOINT_PAGES + 200) * _FRAME_BYTES
_PIECE: Final = bytes(1 << 20)

_log = structlog.get_logger()


class LogFlush:
    """Makes commits durable after the fact, so that nobody waits for a turn while a disk flushes.

    SQLite's own way (`synchronous=FULL`) flushes the log inside the commit, with the write lock held. With `NORMAL` it
    only writes it, in order, and flushes it before a checkpoint; the flush here comes before success is answered. It
    takes along whatever others have committed before.

    Parameters
    ----------
    cursor
        Of the connection whose commits are flushed here from now on.
    database
        The path of the database file. Its log lives as long as one connection does.

    Raises
    ------
    StorageFull, StorageFailed
        The log cannot be opened.
    """

    def __init__(self, cursor: Any, database: str) -> None:
        self._cursor = cursor
        # A flush has failed: the kernel does not try those pages again, and they may be lost.
        self._has_gap = False
        try:
            self._descriptor = os.open(f"{database}-wal", os.O_RDWR | os.O_CLOEXEC)
        except OSError as error:
            raise storage_error(error) from error
        cursor.execute("PRAGMA synchronous=NORMAL")

    def flush(self) -> None:
        """Make everything durable that is committed.

        Raises
        ------
        CommitUnknown
            The disk did not say that it has it.
        """
        if self._has_gap:
            self._write_elsewhere()
            return
        try:
            os.fdatasync(self._descriptor)
        except OSError as error:
            self._has_gap = True
            raise CommitUnknown from error

    def _write_elsewhere(self) -> None:
        """Copy the whole log into the database, which is flushed then: behind a gap no commit would be found again."""
        try:
            (is_busy, *_), *_ = self._cursor.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()
        except sqlite3.Error as error:
            raise CommitUnknown from error
        if is_busy:
            raise CommitUnknown
        self._has_gap = False

    def close(self) -> None:
        """Let the connection flush by itself again."""
        os.close(self._descriptor)
        self._cursor.execute("PRAGMA synchronous=FULL")


def reserve_log(cursor: Any, database: str) -> None:
    """Lengthen the log of a database to what it grows to anyway.

    Parameters
    ----------
    cursor
        Of a connection without a transaction.
    database
        The path of the database file.
    """
    path = Path(f"{database}-wal")
    # While this connection holds the write lock nobody else appends to the log.
    cursor.execute("BEGIN IMMEDIATE")
    try:
        if path.exists() and path.stat().st_size < LOG_BYTES:
            _lengthen(path)
    except OSError as error:
        # It grows as it is written, then.
        _log.warning("log_not_reserved", reason=error.strerror)
    finally:
        cursor.execute("ROLLBACK")


def _lengthen(path: Path) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        position = os.fstat(descriptor).st_size
        while position < LOG_BYTES:
            position += os.pwrite(descriptor, _PIECE[: LOG_BYTES - position], position)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
