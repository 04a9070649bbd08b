"""Being seen by the other processes of this machine, and ending the claims of those that are seen no more.

Each process that claims work holds a lock on a file of its name. The kernel frees the lock when the process dies,
however it dies; who starts then, the successor most often, ends the claims of the dead one. Where files are not shared,
claims run out by themselves, after a minute or some.
"""

import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote, unquote

import structlog

from archive import leases
from archive.database import Database
from archive.errors import NodeError
from archive.file_locks import lock_at_once
from archive.worker_names import worker_name

_log = structlog.get_logger()

_SUFFIX = ".worker"
_UNNAMED_SUFFIX = ".new"
# A file gets its name when it is locked; one that has none after so long was left.
_UNNAMED_SECONDS = 60.0


@contextmanager
def presence(database: Database, data_dir: Path) -> Iterator[None]:
    """Be seen, after the claims of the dead were ended.

    Parameters
    ----------
    database
        Where claims are.
    data_dir
        The node's own folder.
    """
    folder = data_dir / "workers"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        _end_claims_of_the_dead(database, folder)
        path, file = _appear(folder)
    except OSError as error:
        # A file system without locks: claims run out by themselves.
        _log.warning("not_seen_by_others", reason=str(error))
        yield
        return
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(file)


def _appear(folder: Path) -> tuple[Path, int]:
    """Make the file of this process; it has its name only when nobody else can lock it."""
    unnamed = folder / f"{secrets.token_hex(8)}{_UNNAMED_SUFFIX}"
    file = os.open(unnamed, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        lock_at_once(file)
        path = unnamed.rename(folder / f"{quote(worker_name(), safe='')}{_SUFFIX}")
    except OSError:
        os.close(file)
        unnamed.unlink(missing_ok=True)
        raise
    return path, file


def _end_claims_of_the_dead(database: Database, folder: Path) -> None:
    for path in folder.iterdir():
        if path.suffix == _SUFFIX:
            _end_claims(database, path)
        elif path.suffix == _UNNAMED_SUFFIX:
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > _UNNAMED_SECONDS:
                    path.unlink()


def _end_claims(database: Database, path: Path) -> None:
    try:
        file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        # It ended in order, or another one was quicker.
        return
    try:
        if lock_at_once(file):
            worker = unquote(path.stem)
            claims = database.read(leases.claims_of, worker)
            ended = database.write(leases.give_back, worker, claims) if claims else 0
            path.unlink(missing_ok=True)
            _log.info("claims_ended", worker=worker, claims=ended)
    except NodeError as error:
        # They run out by themselves.
        _log.error("claims_not_ended", reason=str(error))
    finally:
        os.close(file)
