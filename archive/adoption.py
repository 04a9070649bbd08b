"""Files without rows: a crash came between the file's rename and the commit, or the index is older than the files."""

import fcntl
import os
from enum import Enum
from typing import Final

from archive import file_meta, inventory
from archive.blobs import FileBlobs
from archive.commit import Duplicates, GroupCommit
from archive.content_hash import hash_data_set
from archive.database import Database
from archive.errors import NodeError, NotParsable
from archive.header import Header, read_header
from archive.index import Outcome, Record, entry_of
from archive.non_patient import NonPatientCommit
from archive.non_patient_classes import is_non_patient
from archive.origin import Origin, OriginKind


class Fate(Enum):
    """What became of a file without a row."""

    BUSY = "in work"
    INDEXED = "indexed"
    QUARANTINED = "quarantined"
    REMOVED = "removed"
    UNREADABLE = "unreadable"


_FATES: Final = {
    Outcome.STORED: Fate.INDEXED,
    Outcome.DUPLICATE: Fate.REMOVED,
    Outcome.QUARANTINED: Fate.QUARANTINED,
}


class Adoption:
    """Gives files without rows their rows.

    A file whose SOP Instance UID is there with other bytes goes to the quarantine, whatever the policy: which of the
    two is right is not known here.

    Parameters
    ----------
    database, blobs
        Index and files.
    """

    def __init__(self, database: Database, blobs: FileBlobs) -> None:
        self._database = database
        self._blobs = blobs
        self._commits = GroupCommit(
            database, Duplicates.KEEP_BOTH, sync_names=blobs.sync_names, is_there=blobs.is_there, path=blobs.path
        )
        self._non_patient = NonPatientCommit(database, blobs, Duplicates.KEEP_BOTH)

    def adopt(self, key: str) -> Fate:
        """Index one file, unless a living process has it in work."""
        try:
            descriptor = os.open(self._blobs.path(key), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return Fate.BUSY
        try:
            # Ingest holds this lock from the file's creation until after the commit.
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if self._database.read(inventory.known_keys, [key]):
                return Fate.BUSY
            return self._index(key, descriptor)
        except BlockingIOError:
            return Fate.BUSY
        except NodeError:
            return Fate.UNREADABLE
        finally:
            os.close(descriptor)

    def _index(self, key: str, descriptor: int) -> Fate:
        record = read_record(key, descriptor)
        if is_non_patient(record.header.sop_class_uid):
            committed = self._non_patient.commit(record)
        else:
            committed = self._commits.commit(entry_of(record))
        if committed.obsolete_key is not None:
            self._blobs.remove(committed.obsolete_key)
        return _FATES[committed.outcome]


def read_record(key: str, descriptor: int) -> Record:
    """Return the record of a file that has no row, as far as the file itself tells it.

    Raises
    ------
    NotParsable
        It is not a file of ours, or broken.
    """
    header, data_offset = _read_header(descriptor)
    status = os.fstat(descriptor)
    return Record(
        header=header,
        origin=Origin(kind=OriginKind.IMPORT),
        blob_key=key,
        data_offset=data_offset,
        size=status.st_size - data_offset,
        content_hash=hash_data_set(descriptor, data_offset),
        received=status.st_mtime,
    )


def _read_header(descriptor: int) -> tuple[Header, int]:
    decoded = file_meta.decode(os.pread(descriptor, file_meta.LONGEST, 0), complete=True)
    if decoded is None or file_meta.TRANSFER_SYNTAX_UID not in decoded[0]:
        raise NotParsable("The file meta information is missing.")
    meta, data_offset = decoded
    return read_header(descriptor, meta[file_meta.TRANSFER_SYNTAX_UID], data_offset), data_offset
