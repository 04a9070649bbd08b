"""The folder that other systems drop worklist files and orders into: looked at every second, by the worker."""

import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from archive import scheduling_files
from archive.attribute_lists import AttributeList
from archive.database import Database
from archive.errors import LimitExceeded, NodeError, NotParsable
from config.settings import Settings
from isocenter import order_files
from scp import worklist_files

_log = structlog.get_logger()
_SUFFIXES: Final = (".wl", ".dcm", order_files.SUFFIX)
_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What tells one state of a file from another."""

    inode: int
    size: int
    changed_ns: int


class WorklistFolder:
    """Keeps the entries of files as the files are.

    A file is read when it was the same in two looks, so that none is read half written. File names are kept, but not
    logged: people put names of patients into them. The log has the file's inode.

    Parameters
    ----------
    settings
        Where the folder is, and whose worklist it holds.
    database
        Where entries are kept.
    """

    def __init__(self, settings: Settings, database: Database) -> None:
        self._folder = settings.worklist.folder or settings.data_dir / "worklist"
        self._is_own = settings.worklist.folder is None
        self._enabled = settings.worklist.files
        self._tenant = settings.worklist.tenant
        self._database = database
        self._seen: Mapping[str, Seen] = {}
        self._taken: dict[str, Seen] = {}
        self._known: set[str] | None = None
        self._failing = False

    def run(self, stop: threading.Event) -> None:
        """Look until `stop` is set."""
        while self._enabled and not stop.is_set():
            try:
                self.look()
                self._failing = False
            except (NodeError, OSError) as error:
                # Once, not every second; the entries stay as they are meanwhile.
                if not self._failing:
                    _log.error("worklist_folder_failed", reason=type(error).__name__)
                self._failing = True
            stop.wait(_SECONDS)

    def look(self) -> None:
        """Look once: take what is new, drop what is gone.

        Raises
        ------
        OSError
            The folder cannot be read.
        NodeError
            The database does not take it.
        """
        if self._is_own:
            self._folder.mkdir(parents=True, exist_ok=True)
        if self._known is None:
            self._known = self._database.read(scheduling_files.names, self._tenant)
        now = _scan(self._folder)
        for name in self._known - now.keys():
            self._put(name, [])
        # Orders count in the order in which they came.
        for name, seen in sorted(now.items(), key=lambda item: item[1].changed_ns):
            if self._seen.get(name) == seen and self._taken.get(name) != seen:
                self._take(name, seen)
                self._taken[name] = seen
        self._taken = {name: seen for name, seen in self._taken.items() if name in now}
        self._seen = now

    def _take(self, name: str, seen: Seen) -> None:
        path = self._folder / name
        if not name.lower().endswith(order_files.SUFFIX):
            self._put(name, _entries(path, seen))
            return
        try:
            order_files.take(path, self._database, self._tenant, now=time.time())
        except OSError as error:
            _log.warning("worklist_file_refused", inode=seen.inode, reason=error.strerror)

    def _put(self, name: str, entries: list[AttributeList]) -> None:
        changed = self._database.write(scheduling_files.put, self._tenant, name, entries, now=time.time())
        known = self._known if self._known is not None else set()
        self._known = known | {name} if entries else known - {name}
        if changed:
            _log.info("worklist_file", entries=len(entries), changed=changed)


def _entries(path: Path, seen: Seen) -> list[AttributeList]:
    """Read a file; one that cannot be read has no entries, and is reported."""
    try:
        if seen.size > worklist_files.LARGEST_FILE:
            raise LimitExceeded
        return worklist_files.read(path.read_bytes())
    except NotParsable as error:
        _log.warning("worklist_file_refused", inode=seen.inode, reason=str(error))
    except OSError as error:
        _log.warning("worklist_file_refused", inode=seen.inode, reason=error.strerror)
    return []


def _scan(folder: Path) -> dict[str, Seen]:
    """Find worklist files: plain files only, so that no link leads out of the folder."""
    found = {}
    with os.scandir(folder) as entries:
        for entry in entries:
            if not entry.name.lower().endswith(_SUFFIXES) or not entry.is_file(follow_symlinks=False):
                continue
            try:
                status = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                # Gone between being listed and being looked at.
                continue
            # A name that is not UTF-8 is none that a database takes.
            if entry.name.isprintable():
                found[entry.name] = Seen(inode=status.st_ino, size=status.st_size, changed_ns=status.st_ctime_ns)
    return found
