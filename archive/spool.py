"""An object on its way in: a file that grows as the bytes arrive, hashed as they pass."""

import hashlib
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from time import perf_counter
from typing import Final

from archive import file_meta
from archive.errors import NotParsable, ObjectTooLarge
from archive.spool_places import Place, remove
from archive.storage_errors import storage_error
from archive.uids import SOPClassUID, SOPInstanceUID, TransferSyntaxUID, is_valid_uid
from archive.unbuffered import UnbufferedFile
from archive.writeback import start_writeback

# Smaller pieces are collected, so that a sender of small PDUs does not cost a system call for each.
_COLLECT_BYTES: Final = 65_536
# Each request costs some 50 microseconds: most images are one, and of large ones the disk has not much left at the end.
_WRITEBACK_BYTES: Final = 4 << 20
# Most headers are shorter.
_BEGINNING_BYTES: Final = 32_768


@dataclass(frozen=True, slots=True, kw_only=True)
class Spooled:
    """A complete file in the spool, not yet durable.

    The descriptor stays open and locked until the object is kept or given up: a sweep leaves locked files alone.

    Parameters
    ----------
    location
        The path of the file: preamble, file meta information, data set.
    descriptor
        Its open descriptor.
    sop_class_uid, sop_instance_uid
        What the object was announced as.
    transfer_syntax_uid
        How the data set is encoded.
    data_offset, size
        Where the data set begins, and its size in bytes.
    sha256
        Hash of the data set's bytes, hexadecimal.
    seconds
        How long it took to come.
    beginning
        The first bytes of the data set, which need not be read again.
    """

    location: str
    descriptor: int
    sop_class_uid: SOPClassUID
    sop_instance_uid: SOPInstanceUID
    transfer_syntax_uid: TransferSyntaxUID
    data_offset: int
    size: int
    sha256: str
    seconds: float
    beginning: bytes = b""

    @property
    def path(self) -> Path:
        """The file."""
        return Path(self.location)

    def sync(self) -> None:
        """Make the content durable.

        Raises
        ------
        StorageFull, StorageFailed
            The disk did not take it.
        """
        try:
            os.fdatasync(self.descriptor)
        except OSError as error:
            raise storage_error(error) from error

    def close(self) -> None:
        """Let go of the file, which stays where it is."""
        os.close(self.descriptor)

    def discard(self) -> None:
        """Remove the file."""
        remove(self.location)
        self.close()


class SpoolFile:
    """A file that is being received.

    Parameters
    ----------
    place
        Where it is written; it belongs to this from now on.
    sop_class_uid, sop_instance_uid
        What the object is announced as.
    transfer_syntax_uid
        How its data set is encoded.
    max_bytes
        Largest data set to take.

    Raises
    ------
    NotParsable
        One of the UIDs is not valid.
    """

    def __init__(
        self, place: Place, *, sop_class_uid: str, sop_instance_uid: str, transfer_syntax_uid: str, max_bytes: int
    ) -> None:
        if not (_are_valid(sop_class_uid, transfer_syntax_uid) and is_valid_uid(sop_instance_uid)):
            place.discard()
            raise NotParsable("It was announced with an invalid UID.")
        # Callers may pass pydicom's UIDs; from here on they are plain strings.
        self._uids = SOPClassUID(str(sop_class_uid)), SOPInstanceUID(str(sop_instance_uid))
        self._transfer_syntax_uid = TransferSyntaxUID(str(transfer_syntax_uid))
        self._pending = bytearray(
            file_meta.encode(
                sop_class_uid=sop_class_uid,
                sop_instance_uid=sop_instance_uid,
                transfer_syntax_uid=transfer_syntax_uid,
            )
        )
        self._data_offset = len(self._pending)
        self._max_bytes = max_bytes
        self._size = 0
        self._hash = hashlib.sha256()
        self._location, self._descriptor = place
        self._beginning = b""
        self._unbuffered: UnbufferedFile | None = None
        # How far it is written, and how far the disk was asked to begin.
        self._written = self._started = 0
        self._begun = perf_counter()
        self._open = True

    def write(self, view: memoryview | bytes) -> None:
        """Append bytes of the data set; they may be overwritten once this returns.

        Raises
        ------
        ObjectTooLarge
            The data set is larger than allowed.
        StorageFull, StorageFailed
            The disk did not take it.
        """
        self._size += len(view)
        if self._size > self._max_bytes:
            raise ObjectTooLarge
        self._hash.update(view)
        if self._unbuffered is not None:
            self._pass_on(view)
        elif len(self._pending) + len(view) < _COLLECT_BYTES:
            self._pending += view
        elif not self._written and self._goes_unbuffered(view):
            self._pass_on(self._pending)
            self._pass_on(view)
        else:
            self._flush(view)

    def finish(self) -> Spooled:
        """Say that all bytes are there. The file is removed when this fails."""
        try:
            if self._unbuffered is not None:
                self._finish_unbuffered(self._unbuffered)
            elif self._pending:
                self._flush(b"")
        except BaseException:
            self.discard()
            raise
        self._open = False
        return Spooled(
            location=self._location,
            descriptor=self._descriptor,
            sop_class_uid=self._uids[0],
            sop_instance_uid=self._uids[1],
            transfer_syntax_uid=self._transfer_syntax_uid,
            data_offset=self._data_offset,
            size=self._size,
            sha256=self._hash.hexdigest(),
            seconds=perf_counter() - self._begun,
            beginning=self._beginning,
        )

    def discard(self) -> None:
        """Give up: remove the file. After `finish` or a second time this does nothing."""
        if self._open:
            self._open = False
            if self._unbuffered is not None:
                self._unbuffered.abandon()
            remove(self._location)
            os.close(self._descriptor)

    def _goes_unbuffered(self, view: memoryview | bytes) -> bool:
        """Tell whether it is written past the cache from here on."""
        self._remember_beginning(view)
        self._unbuffered = UnbufferedFile.begin(self._descriptor)
        return self._unbuffered is not None

    def _pass_on(self, view: memoryview | bytes | bytearray) -> None:
        assert self._unbuffered is not None  # noqa: S101 - for the type checker
        try:
            self._unbuffered.write(view)
        except OSError as error:
            raise storage_error(error) from error

    def _finish_unbuffered(self, file: UnbufferedFile) -> None:
        try:
            file.finish()
        except OSError as error:
            raise storage_error(error) from error

    def _remember_beginning(self, view: memoryview | bytes) -> None:
        self._beginning = bytes(self._pending[self._data_offset :]) + bytes(view[:_BEGINNING_BYTES])

    def _flush(self, view: memoryview | bytes) -> None:
        total = len(self._pending) + len(view)
        if not self._written:
            self._remember_beginning(view)
        try:
            written = os.writev(self._descriptor, (self._pending, view)) if self._pending else 0
            if not self._pending:
                written = os.write(self._descriptor, view)
            if written < total:
                # Partly written: the disk is nearly full, or a signal came.
                _write_all(self._descriptor, (bytes(self._pending) + view)[written:])
        except OSError as error:
            raise storage_error(error) from error
        self._pending = bytearray()
        self._written += total
        if self._written - self._started >= _WRITEBACK_BYTES:
            self._start_writeback()

    def _start_writeback(self) -> None:
        if self._written > self._started:
            start_writeback(self._descriptor, self._started, self._written - self._started)
            self._started = self._written


@lru_cache(maxsize=256)
def _are_valid(sop_class_uid: str, transfer_syntax_uid: str) -> bool:
    return is_valid_uid(sop_class_uid) and is_valid_uid(transfer_syntax_uid)


def _write_all(descriptor: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]
