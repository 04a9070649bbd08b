"""Index and files, brought back into agreement: quickly at each start, thoroughly on demand."""

import fcntl
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

import structlog
from sqlalchemy import Connection, delete, insert

from archive import inventory, obsolete
from archive.adoption import Adoption, Fate
from archive.blobs import FileBlobs
from archive.content_hash import hash_data_set
from archive.database import Database
from archive.inventory import Entry
from archive.spool_files import SUFFIX
from archive.tables import quarantine

_MOST_LOGGED: Final = 20
_BETWEEN_PAUSES: Final = 200
T = TypeVar("T")

_log = structlog.get_logger()


@dataclass(slots=True, kw_only=True)
class Report:
    """What was found, and done about it.

    Parameters
    ----------
    spool_removed
        Remains of objects that were being received when a process died.
    obsolete_removed
        Files that nothing refers to any more.
    indexed, quarantined, duplicates_removed
        Files without rows: indexed, kept aside, or removed because the same object is in the index.
    unreadable
        Keys of files without rows that are no objects; they stay.
    unindexed
        Keys of files without rows that were left alone.
    missing
        SOP Instance UIDs of rows without files.
    damaged
        SOP Instance UIDs of rows whose files have other content than was received.
    checked
        Objects whose content was compared with its hash.
    """

    spool_removed: int = 0
    obsolete_removed: int = 0
    indexed: int = 0
    quarantined: int = 0
    duplicates_removed: int = 0
    unreadable: list[str] = field(default_factory=list)
    unindexed: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    checked: int = 0

    @property
    def is_clean(self) -> bool:
        """True when each row has its file and each file its row."""
        return not (self.missing or self.damaged or self.unreadable or self.unindexed)


def recover(database: Database, blobs: FileBlobs) -> Report:
    """Tidy up after processes that died, before anything else starts; takes no longer for a larger archive.

    Leftovers in the spool are removed, and files indexed that were to get a row just then.
    """
    report = Report()
    report.spool_removed = _sweep_spool(blobs.spool_folder)
    report.obsolete_removed = obsolete.remove(database, blobs)
    _adopt_files(database, blobs, blobs.keys_in_doubt(), report)
    _log.info("recovered", **_summary(report))
    return report


def sweep(database: Database, blobs: FileBlobs, *, pause: Callable[[], object] = lambda: None) -> Report:
    """Visit every row and every file, as `recover` visits what is in doubt. Other processes may be at work meanwhile.

    Parameters
    ----------
    database, blobs
        Index and files.
    pause
        Called now and then, so that the work of others goes first; what it raises ends the sweep.
    """
    report = Report()
    report.spool_removed = _sweep_spool(blobs.spool_folder)
    report.obsolete_removed = obsolete.remove(database, blobs)
    _adopt_files(database, blobs, _paced(blobs.keys(), pause), report)
    for entry in _paced(inventory.entries(database), pause):
        if not blobs.path(entry.blob_key).exists():
            report.missing.append(entry.sop_instance_uid)
    _log.info("sweep", **_summary(report))
    return report


def _paced(items: Iterable[T], pause: Callable[[], object]) -> Iterator[T]:
    for number, item in enumerate(items, start=1):
        yield item
        if not number % _BETWEEN_PAUSES:
            pause()


def check(
    database: Database,
    blobs: FileBlobs,
    *,
    repair: bool = False,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Report:
    """Compare every object with its hash.

    Parameters
    ----------
    database, blobs
        Index and files.
    repair
        Index files without rows; take rows without files out of the index, so that the objects are accepted when they
        are sent again; put damaged files into quarantine.
    progress
        Called with the number of objects done and of all.
    """
    report = Report()
    if repair:
        report.spool_removed = _sweep_spool(blobs.spool_folder)
        report.obsolete_removed = obsolete.remove(database, blobs)
        _adopt_files(database, blobs, blobs.keys(), report)
    else:
        report.unindexed.extend(inventory.keys_without_rows(database, blobs.keys()))
    total = database.read(inventory.count)
    for done, entry in enumerate(inventory.entries(database), start=1):
        _check_entry(database, blobs, entry, report, repair=repair)
        progress(done, max(done, total))
    return report


def _check_entry(database: Database, blobs: FileBlobs, entry: Entry, report: Report, *, repair: bool) -> None:
    report.checked += 1
    found = _hash_of(blobs, entry)
    if found == entry.content_hash:
        return
    (report.missing if found is None else report.damaged).append(entry.sop_instance_uid)
    if repair:
        database.write(_take_out, entry, damaged=found is not None)


def _hash_of(blobs: FileBlobs, entry: Entry) -> str | None:
    try:
        descriptor = os.open(blobs.path(entry.blob_key), os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        return hash_data_set(descriptor, entry.data_offset, like=entry.content_hash)
    finally:
        os.close(descriptor)


def _take_out(connection: Connection, entry: Entry, *, damaged: bool) -> None:
    columns = entry.table.c
    connection.execute(delete(entry.table).where(columns.id == entry.id, columns.blob_key == entry.blob_key))
    if damaged:
        names = ("tenant", "sop_instance_uid", "blob_key", "content_hash", "size")
        about = {name: getattr(entry, name) for name in names}
        connection.execute(insert(quarantine).values(reason="content is damaged", received=0.0, **about))


def _adopt_files(database: Database, blobs: FileBlobs, keys: Iterator[str], report: Report) -> None:
    adoption = Adoption(database, blobs)
    fates: Counter[Fate] = Counter()
    for key in inventory.keys_without_rows(database, keys):
        fate = adoption.adopt(key)
        fates[fate] += 1
        if fate is Fate.UNREADABLE:
            report.unreadable.append(key)
    report.indexed = fates[Fate.INDEXED]
    report.quarantined = fates[Fate.QUARANTINED]
    report.duplicates_removed = fates[Fate.REMOVED]


def _sweep_spool(folder: Path) -> int:
    """Remove files in the spool that no living process holds."""
    removed = 0
    for path in folder.rglob(f"*{SUFFIX}"):
        try:
            # For writing too: without that, NFS gives no lock that excludes others.
            with path.open("r+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()
                removed += 1
        except (BlockingIOError, FileNotFoundError):
            continue
    return removed


def _summary(report: Report) -> dict[str, object]:
    return {
        "spool_removed": report.spool_removed,
        "obsolete_removed": report.obsolete_removed,
        "indexed": report.indexed,
        "quarantined": report.quarantined,
        "duplicates_removed": report.duplicates_removed,
        "unreadable": len(report.unreadable),
        "missing": len(report.missing),
        "missing_sop_instance_uids": report.missing[:_MOST_LOGGED],
    }
