"""Room for SQLite's write-ahead log, made before it is needed.

A commit that lengthens the log waits for the file system to note the new length as well, which doubles the time of the
flush. SQLite writes the log again from its beginning after each checkpoint, and does not mind what lies behind its last
valid frame (https://www.sqlite.org/fileformat2.html#the_write_ahead_log).
"""

import os
from pathlib import Path
from typing import Any, Final

import structlog

from archive.engines import CHECKPOINT_PAGES

_FRAME_BYTES: Final = 4_096 + 24
# A checkpoint is made when the log has this many pages; a large transaction may pass that a little.
LOG_BYTES: Final = (CHECKPOINT_PAGES + 200) * _FRAME_BYTES
_PIECE: Final = bytes(1 << 20)

_log = structlog.get_logger()


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
