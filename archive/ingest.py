"""The only way into the archive.

C-STORE, STOW-RS, uploads, imports and our own results all end in `Archive.receive`, which returns when the object is
durable and indexed: file synced, renamed, folder synced, transaction committed, in this order.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Final, Self

import structlog

from archive.announcing import Announcer
from archive.blobs import FileBlobs
from archive.commit import Committed, Duplicates, GroupCommit
from archive.database import Database
from archive.errors import CommitUnknown, NodeError, UidMismatch
from archive.header import Header, header_of
from archive.index import Outcome, entry_of, record_of
from archive.limits import Limits
from archive.non_patient import NonPatientCommit
from archive.non_patient_classes import is_non_patient
from archive.origin import Origin
from archive.part10 import Part10Spool, spool_file
from archive.spare_places import SparePlaces
from archive.spool import Spooled, SpoolFile
from archive.spool_files import remove
from archive.spool_folders import SpoolFolders
from archive.spool_places import Places
from archive.stages import Count, Stage, Stages
from archive.storage_errors import storage_error

__all__ = ["Archive", "Duplicates", "Outcome", "Part10Spool", "SpoolFile", "Spooled", "Stored"]

ARRIVALS: Final = "arrivals"
_DEFAULT_LIMITS: Final = Limits()
_DEFAULT_MAX_OBJECT_BYTES: Final = 16 * 1024**3

_COUNTS: Final = {outcome: Count[outcome.name] for outcome in Outcome}

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """An object that the archive took.

    Parameters
    ----------
    outcome
        What became of it.
    header
        What is known of it.
    """

    outcome: Outcome
    header: Header


class _Way:
    """When one object was where, for those who count it once it is answered."""

    __slots__ = ("begun", "ended", "flushed", "named", "read")

    def __init__(self, begun: float) -> None:
        self.begun = self.read = self.flushed = self.named = self.ended = begun


class Archive:
    """Takes objects. Safe to share between threads.

    Parameters
    ----------
    database, blobs
        Where index and files are kept.
    duplicates
        What to do with other bytes under a SOP Instance UID that is here already.
    max_object_bytes
        Largest data set to take.
    limits
        Limits of reading a data set.
    publish
        Called with the topic `arrivals` after objects were stored, soon after and in another thread.
    stages
        Counts where the time goes.
    """

    def __init__(
        self,
        database: Database,
        blobs: FileBlobs,
        *,
        duplicates: str = Duplicates.KEEP_FIRST,
        max_object_bytes: int = _DEFAULT_MAX_OBJECT_BYTES,
        limits: Limits = _DEFAULT_LIMITS,
        publish: Callable[[str], None] | None = None,
        stages: Stages | None = None,
    ) -> None:
        self.database = database
        self.blobs = blobs
        self.limits = limits
        self._max_object_bytes = max_object_bytes
        self._stages = stages or Stages()
        self._spares = SparePlaces(SpoolFolders(blobs.spool_folders).make_place)
        self._places = Places(blobs.spool_folders, self._spares)
        self._commits = GroupCommit(
            database,
            Duplicates(duplicates),
            sync_names=blobs.sync_names,
            is_there=blobs.is_there,
            path=blobs.path,
            stages=self._stages,
        )
        self._non_patient = NonPatientCommit(database, blobs, Duplicates(duplicates))
        self._announcer = Announcer(lambda: publish(ARRIVALS)) if publish else None

    def close(self) -> None:
        """End the announcements, and tidy the spool. Database and blobs stay open: they belong to the caller."""
        self._spares.close()
        if self._announcer:
            self._announcer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def spool(self, *, sop_class_uid: str, sop_instance_uid: str, transfer_syntax_uid: str) -> SpoolFile:
        """Open a file for an object that is about to arrive.

        Raises
        ------
        NotParsable
            One of the UIDs is not valid.
        StorageFull, StorageFailed
            Nothing can be written, or the reserve of free space is reached.
        """
        try:
            self.blobs.check_space()
            return SpoolFile(
                self._places.take(),
                sop_class_uid=sop_class_uid,
                sop_instance_uid=sop_instance_uid,
                transfer_syntax_uid=transfer_syntax_uid,
                max_bytes=self._max_object_bytes,
            )
        except NodeError:
            self._stages.count(Count.REFUSED)
            raise

    def make_ready(self) -> None:
        """Say that more may come of this thread: places are made for it. Whoever does so calls `let_go` at its end."""
        self._places.make_ready()

    def let_go(self) -> None:
        """Say that nothing more comes of this thread for now."""
        self._places.let_go()

    def receive(self, spooled: Spooled, origin: Origin, answer: Callable[[], object] | None = None) -> Stored:
        """Keep an object. On failure its file is removed.

        Parameters
        ----------
        spooled
            The object.
        origin
            Where it came from.
        answer
            Called as soon as the object is safe: what is left to do then, nobody has to wait for. What it raises is
            raised here, in the end.

        Raises
        ------
        UidMismatch
            Data set and announcement differ, or Study or Series Instance UID is missing.
        NotParsable, LimitExceeded, ObjectTooLarge
            The data set is not well-formed, or exceeds a limit.
        DuplicateRefused
            Other bytes are here under its SOP Instance UID, and the first ones are kept.
        StorageFull, StorageFailed, DatabaseUnavailable
            It cannot be kept now.
        """
        way = _Way(perf_counter())
        try:
            header, committed = self._keep(spooled, origin, way)
        except NodeError:
            self._stages.count(Count.REFUSED)
            spooled.close()
            raise
        except BaseException:
            spooled.close()
            raise
        way.ended = perf_counter()
        try:
            if answer is not None:
                answer()
        finally:
            spooled.close()
            self._count(spooled, committed, way)
            self._tidy(committed)
        return Stored(outcome=committed.outcome, header=header)

    def _count(self, spooled: Spooled, committed: Committed, way: "_Way") -> None:
        stages = self._stages
        stages.observe(Stage.RECEIVE, spooled.seconds)
        stages.observe(Stage.HEADER, way.read - way.begun)
        stages.observe(Stage.FSYNC, way.flushed - way.read)
        stages.observe(Stage.RENAME, way.named - way.flushed)
        stages.observe(Stage.TOTAL, way.ended - way.begun)
        stages.count(_COUNTS[committed.outcome])
        stages.count(Count.BYTES, spooled.size)

    def _keep(self, spooled: Spooled, origin: Origin, way: "_Way") -> tuple[Header, Committed]:
        key: str | None = None
        coming = self._commits.expect()
        try:
            header = self._read(spooled)
            key = self.blobs.new_key()
            # The disk has not yet taken all of a large object.
            entry = entry_of(record_of(spooled, header, origin, key))
            way.read = perf_counter()
            spooled.sync()
            way.flushed = perf_counter()
            self.blobs.keep(spooled.location, key)
            way.named = perf_counter()
            if is_non_patient(header.sop_class_uid):
                return header, self._non_patient.commit(entry.record)
            return header, self._commits.commit(entry, coming)
        except CommitUnknown:
            # Its row may be there, and then its file must be too. A sweep finds out, or the sender comes again.
            _log.warning("commit_unknown", sop_instance_uid=spooled.sop_instance_uid)
            raise
        except BaseException:
            self._remove(spooled, key)
            raise
        finally:
            coming.arrive()

    def receive_file(self, path: Path, origin: Origin) -> Stored:
        """Keep the object in a DICOM file, which stays where it is; also one without file meta information."""
        return self.receive(spool_file(self, path), origin)

    def _read(self, spooled: Spooled) -> Header:
        try:
            header = header_of(spooled, spooled.transfer_syntax_uid, self.limits)
        except OSError as error:
            raise storage_error(error) from error
        announced = spooled.sop_class_uid, spooled.sop_instance_uid
        if announced != (header.sop_class_uid, header.sop_instance_uid):
            raise UidMismatch
        return header

    def _remove(self, spooled: Spooled, key: str | None) -> None:
        # On a failing disk nothing can be removed; the start-up sweep comes back to it.
        with suppress(OSError):
            remove(spooled.location)
            if key is not None:
                self.blobs.remove(key)

    def _tidy(self, committed: Committed) -> None:
        if committed.obsolete_key is not None:
            try:
                self.blobs.remove(committed.obsolete_key)
            except OSError:
                # The object is safe; the start-up sweep finds the file.
                _log.warning("obsolete_file_stays", key=committed.obsolete_key)
        if self._announcer and committed.outcome is not Outcome.DUPLICATE:
            self._announcer.announce()
