"""Takes files of unknown kind, one after another, and gives what is DICOM to the archive."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final, Protocol

from api.uploads.zips import SIGNATURE, ZipEntry, ZipLimits, ZipRefusedError, entries
from archive.errors import DatabaseUnavailable, NodeError, StorageFailed, StorageFull
from archive.ingest import Archive, Outcome
from archive.origin import Origin
from archive.part10 import Part10Spool
from archive.storage_errors import storage_error

# The index of a medium (PS3.10 Section 8): it lists the files that come beside it and is none of them.
_MEDIA_INDEX: Final = "DICOMDIR"
# These say nothing about the file: the upload as a whole has to wait.
_NODE_IN_TROUBLE: Final = (DatabaseUnavailable, StorageFull, StorageFailed)


@dataclass(slots=True, kw_only=True)
class Tally:
    """What became of the files.

    Parameters
    ----------
    stored, duplicates
        Objects that are new here, and objects that were here already.
    refused
        Name and reason of each file that was not taken.
    """

    stored: int = 0
    duplicates: int = 0
    refused: list[dict[str, str]] = field(default_factory=list)

    def count(self, name: str, outcome: Outcome) -> None:
        """Count an object that the archive took."""
        if outcome is Outcome.DUPLICATE:
            self.duplicates += 1
        elif outcome is Outcome.QUARANTINED:
            self.refuse(name, "Another object with this SOP Instance UID is here; this one was put aside.")
        else:
            self.stored += 1

    def refuse(self, name: str, reason: str) -> None:
        """Note a file that was not taken."""
        self.refused.append({"file": name, "reason": reason})


class _Target(Protocol):
    def write(self, data: bytes) -> None: ...

    def finish(self) -> None: ...

    def discard(self) -> None: ...


class Receiver:
    """The sink of an upload. It blocks on disk and database: call it from a thread, one call at a time.

    Parameters
    ----------
    archive
        Where objects go.
    origin
        Who uploads.
    folder
        Where a ZIP waits until it is complete; its directory stands at its end.
    limits
        For what comes out of ZIPs.
    """

    def __init__(self, archive: Archive, origin: Origin, folder: Path, limits: ZipLimits) -> None:
        self.tally = Tally()
        self._archive = archive
        self._origin = origin
        self._folder = folder
        self._limits = limits
        self._name = ""
        self._head = b""
        self._target: _Target | None = None

    def begin(self, name: str) -> None:
        """Start a file."""
        self._name, self._head, self._target = name, b"", None

    def write(self, data: bytes) -> None:
        """Take bytes of the file; its first ones tell a ZIP from anything else."""
        if self._target is None:
            self._head += data
            if len(self._head) < len(SIGNATURE):
                return
            data, self._head = self._head, b""
            self._target = self._choose(data)
        self._target.write(data)

    def end(self) -> None:
        """Store the file."""
        if self._target is None:
            self._target = self._choose(self._head)
            self._target.write(self._head)
        target, self._target = self._target, None
        target.finish()

    def refuse(self, name: str, reason: str) -> None:
        """Note a file that is not taken."""
        self.tally.refuse(name, reason)

    def discard(self) -> None:
        """Drop the file that was not completed."""
        if self._target is not None:
            self._target.discard()

    def _choose(self, head: bytes) -> _Target:
        if head.startswith(SIGNATURE):
            return _Zip(tempfile.TemporaryFile(dir=self._folder), self._unpack)
        return self._object(self._name)

    def _object(self, name: str) -> "_Object":
        return _Object(name, self.tally, self._archive, self._origin)

    def _unpack(self, file: IO[bytes]) -> None:
        name = self._name
        try:
            for entry in entries(file, self._limits):
                self._store(f"{name}/{entry.name}", entry)
        except ZipRefusedError as error:
            self.tally.refuse(name, _sentence(error))

    def _store(self, name: str, entry: ZipEntry) -> None:
        target = self._object(name)
        try:
            for chunk in entry.chunks():
                target.write(chunk)
        except ZipRefusedError as error:
            target.discard()
            self.tally.refuse(name, _sentence(error))
        except BaseException:
            target.discard()
            raise
        else:
            target.finish()


class _Object:
    """A file on its way into the archive. Once it is refused the rest of it is read and forgotten."""

    def __init__(self, name: str, tally: Tally, archive: Archive, origin: Origin) -> None:
        self._name = name
        self._tally = tally
        self._archive = archive
        self._origin = origin
        self._refused = False
        self._spool = Part10Spool(archive)

    def write(self, data: bytes) -> None:
        if not self._refused:
            self._try(lambda: self._spool.write(data))

    def finish(self) -> None:
        if not self._refused:
            self._try(self._receive)

    def discard(self) -> None:
        self._spool.discard()

    def _receive(self) -> None:
        stored = self._archive.receive(self._spool.finish(), self._origin)
        self._tally.count(self._name, stored.outcome)

    def _try(self, act: Callable[[], object]) -> None:
        try:
            act()
        except _NODE_IN_TROUBLE:
            self._spool.discard()
            raise
        except NodeError as error:
            self._spool.discard()
            self._refused = True
            if self._name.rsplit("/", 1)[-1].upper() != _MEDIA_INDEX:
                self._tally.refuse(self._name, str(error))


class _Zip:
    """A ZIP on its way: it must be whole before it is opened."""

    def __init__(self, file: IO[bytes], unpack: Callable[[IO[bytes]], None]) -> None:
        self._file = file
        self._unpack = unpack

    def write(self, data: bytes) -> None:
        try:
            self._file.write(data)
        except OSError as error:
            raise storage_error(error) from error

    def finish(self) -> None:
        with self._file:
            self._unpack(self._file)

    def discard(self) -> None:
        self._file.close()


def _sentence(error: ZipRefusedError) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."
