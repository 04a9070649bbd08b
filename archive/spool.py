"""An object on its way in: a file that grows as the bytes arrive, hashed as they pass."""

import os
from pathlib import Path
from time import perf_counter
from typing import Final

from archive import file_meta
from archive.content_hash import ContentHash
from archive.errors import NotParsable, ObjectTooLarge
from archive.reserved_room import EXPECTED
from archive.spool_files import Place, remove
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


class Spooled:
    """A complete file in the spool, not yet durable.

    The descriptor stays open and locked until the object is kept or given up: a sweep leaves locked files alone.

    Parameters
    ----------
    place
        The file, with preamble, file meta information and data set.
    uids
        SOP Class and Instance UID that the object was announced with.
    transfer_syntax_uid
        How the data set is encoded.
    data_offset, size
        Where the data set begins, and its size in bytes.
    content
        Hash of the data set's bytes, or what still writes them.
    seconds
        How long it took to come.
    beginning
        The first bytes of the data set, which need not be read again.
    """

    def __init__(
        self,
        *,
        place: Place,
        uids: tuple[SOPClassUID, SOPInstanceUID],
        transfer_syntax_uid: TransferSyntaxUID,
        data_offset: int,
        size: int,
        content: str | UnbufferedFile,
        seconds: float,
        beginning: bytes,
    ) -> None:
        self.location, self._descriptor = place.location, place.descriptor
        self.sop_class_uid, self.sop_instance_uid = uids
        self.transfer_syntax_uid = transfer_syntax_uid
        self.data_offset = data_offset
        self.size = size
        self.seconds = seconds
        self.beginning = beginning
        self._content = content

    @property
    def descriptor(self) -> int:
        """The open file, which holds all bytes; raises as `wait` does."""
        self.wait()
        return self._descriptor

    @property
    def path(self) -> Path:
        """The file, which holds all bytes; raises as `wait` does."""
        self.wait()
        return Path(self.location)

    @property
    def content_hash(self) -> str:
        """Hash of the data set's bytes that came, see `archive.content_hash`."""
        return self._content if isinstance(self._content, str) else self._content.content_hash()

    def wait(self) -> None:
        """Wait until the file holds all bytes.

        Raises
        ------
        StorageFull, StorageFailed
            The disk did not take them.
        """
        if not isinstance(self._content, str):
            try:
                self._content.wait()
            except OSError as error:
                raise storage_error(error) from error

    def sync(self) -> None:
        """Make the content durable; raises as `wait` does."""
        self.wait()
        try:
            os.fdatasync(self._descriptor)
        except OSError as error:
            raise storage_error(error) from error

    def read(self, position: int, count: int) -> bytes:
        """Return up to `count` bytes of the data set from `position`: a `Source`; raises as `wait` does."""
        end = min(position + count, self.size)
        if end <= len(self.beginning):
            return self.beginning[position:end]
        return os.pread(self.descriptor, count, self.data_offset + position)

    def close(self) -> None:
        """Let go of the file, which stays where it is."""
        try:
            if not isinstance(self._content, str):
                self._content.abandon()
        finally:
            os.close(self._descriptor)

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
        if not (is_valid_uid(sop_class_uid) and is_valid_uid(sop_instance_uid) and is_valid_uid(transfer_syntax_uid)):
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
        self._hash = ContentHash()
        self._place = place
        self._descriptor = place.descriptor
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
        if self._unbuffered is not None:
            self._pass_on(view)
        elif len(self._pending) + len(view) < _COLLECT_BYTES:
            self._hash.update(view)
            self._pending += view
        elif not self._written and self._goes_unbuffered(view):
            self._pass_on(self._pending)
            self._pass_on(view)
        else:
            self._hash.update(view)
            self._flush(view)

    def finish(self) -> Spooled:
        """Say that all bytes are there. The file is removed when this fails."""
        try:
            content = self._finish()
        except BaseException:
            self.discard()
            raise
        self._open = False
        return Spooled(
            place=self._place,
            uids=self._uids,
            transfer_syntax_uid=self._transfer_syntax_uid,
            data_offset=self._data_offset,
            size=self._size,
            content=content,
            seconds=perf_counter() - self._begun,
            beginning=self._beginning,
        )

    def _finish(self) -> str | UnbufferedFile:
        if self._unbuffered is None:
            if self._pending:
                self._flush(b"")
            self._give_back_room()
            # While the header is read.
            self._start_writeback()
            return self._hash.text()
        try:
            self._unbuffered.finish()
        except OSError as error:
            raise storage_error(error) from error
        return self._unbuffered

    def discard(self) -> None:
        """Give up: remove the file. After `finish` or a second time this does nothing."""
        if self._open:
            self._open = False
            if self._unbuffered is not None:
                self._unbuffered.abandon()
            self._place.discard()

    def _goes_unbuffered(self, view: memoryview | bytes) -> bool:
        """Tell whether it is written past the cache from here on."""
        self._remember_beginning(view)
        try:
            self._unbuffered = UnbufferedFile.begin(self._descriptor, self._data_offset, self._place.reserved)
        except OSError as error:
            raise storage_error(error) from error
        return self._unbuffered is not None

    def _pass_on(self, view: memoryview | bytes | bytearray) -> None:
        assert self._unbuffered is not None  # noqa: S101 - for the type checker
        try:
            self._unbuffered.write(view)
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

    def _give_back_room(self) -> None:
        """End the file behind its last byte: it may have been made for a larger object."""
        EXPECTED.note_small()
        if self._place.reserved:
            try:
                os.ftruncate(self._descriptor, self._written)
            except OSError as error:
                raise storage_error(error) from error

    def _start_writeback(self) -> None:
        if self._written > self._started:
            start_writeback(self._descriptor, self._started, self._written - self._started)
            self._started = self._written


def _write_all(descriptor: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]
