"""Whether the node may write where it has to: told at its start, not by images that are refused.

A folder that another user made (a first start as root, a backup that was put back, a volume that is mounted read-only)
is there, so that making it succeeds.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from config.settings import Settings
from isocenter.failures import CannotStart

# What the roles keep below `data_dir`, beside the files of SQLite and the objects. The worklist may be read-only.
_KEPT = ("association-slots", "marks", "pictures", "results", "stages", "uploads", "workers")
# Group: write; others: all.
_OTHERS = 0o027
_OF_SQLITE = ("", "-wal", "-shm", ".lock", ".writers")


def require_writable(settings: Settings) -> None:
    """Look at what is there of the node's files and folders.

    Raises
    ------
    CannotStart
        One of them cannot be written.
    """
    for key, path in _places(settings):
        if os.path.exists(path) and not _is_writable(path):  # noqa: PTH110 - a closed folder above is no error here
            raise CannotStart(f"{key}: {path} cannot be written: {_reason(path)}")


def keep_private() -> None:
    """Let nobody read what is written from now on but this user and its group, whatever folder it is put into."""
    os.umask(os.umask(_OTHERS) | _OTHERS)


def _places(settings: Settings) -> Iterator[tuple[str, Path]]:
    yield "data_dir", settings.data_dir
    for name in _KEPT:
        yield "data_dir", settings.data_dir / name
    yield "storage.url", settings.storage.folder
    spool = settings.storage.folder / "spool"
    yield "storage.url", spool
    # All of them were made by the same user.
    yield "storage.url", spool / "00"
    scheme, _, rest = settings.database.url.partition(":///")
    if scheme == "sqlite":
        index = Path(rest.partition("?")[0])
        # SQLite makes its log beside the index.
        yield "database.url", index.parent
        for suffix in _OF_SQLITE:
            yield "database.url", index.with_name(index.name + suffix)


def _is_writable(path: Path) -> bool:
    return os.access(path, os.R_OK | os.W_OK | (os.X_OK if path.is_dir() else 0))


def _reason(path: Path) -> str:
    if os.statvfs(path).f_flag & os.ST_RDONLY:
        return "its file system is mounted read-only"
    state = path.stat()
    return f"it belongs to user {state.st_uid} (mode {state.st_mode & 0o7777:o}), and this node runs as {os.geteuid()}"
