"""Writing large files past the page cache, while the next bytes arrive.

A write through the cache takes fresh pages for every byte, copies into them, and leaves the disk idle until the flush.
Here the bytes go into memory that is used again and again, the disk takes them from there by itself (O_DIRECT of
open(2)), and the process goes on meanwhile (io_submit(2)). Where a system has nothing of the kind, `begin` says so, and
the caller writes as ever.
"""

import fcntl
import mmap
import os
import threading
from contextlib import suppress
from typing import Final, Self

import structlog

from archive.content_hash import ContentHash
from archive.disk_requests import SEGMENT_BYTES, SEGMENTS, DiskRequests
from archive.kernel_requests import Unsupported
from archive.reserved_room import EXPECTED, reserve
from archive.writeback import start_writeback

# Not less than a page: the cache would keep one that is half the disk's from the last block on.
_BLOCK: Final = mmap.PAGESIZE
# So much is reserved at once for an object whose size nobody knows.
_RESERVED_BYTES: Final = 1 << 20
_MOST_RESERVED_BYTES: Final = 16 << 20
# More objects than this at once go through the cache, so that memory stays bounded: 2 MiB each.
_MOST_BUFFERS: Final = 32

_log = structlog.get_logger()


class _Pool:
    """The buffers of this process: made when they are needed, kept for the next object."""

    def __init__(self) -> None:
        self._begin()
        # A child has neither the kernel's side of them nor a reason to write into these.
        os.register_at_fork(after_in_child=self._begin)

    def _begin(self) -> None:
        self._guard = threading.Lock()
        self._free: list[DiskRequests] = []
        self._made = 0

    def borrow(self) -> DiskRequests | None:
        """Return a buffer that nobody else uses; none when there are too many, or the system has no such thing."""
        with self._guard:
            if self._free:
                return self._free.pop()
            if self._made >= _MOST_BUFFERS:
                return None
            try:
                made = DiskRequests()
            except Unsupported:
                self._give_up("the system gives none")
                return None
            self._made += 1
            return made

    def give_back(self, buffer: DiskRequests) -> None:
        """Let others have it; nothing of it is on its way any more."""
        with self._guard:
            if buffer.is_usable:
                self._free.append(buffer)
            else:
                self._give_up("the system does not tell what became of requests")

    def _give_up(self, reason: str) -> None:
        # The next one would fare no better.
        self._made = _MOST_BUFFERS
        _log.info("no_unbuffered_writes", reason=reason)


_POOL: Final = _Pool()


class UnbufferedFile:
    """A new file that is written from its beginning to its end, and hashed.

    Parameters
    ----------
    descriptor
        The empty file.
    buffer
        Where the bytes wait for the disk.
    unhashed
        How many bytes at the beginning are not hashed.
    reserved
        How much room the file has.
    """

    def __init__(self, descriptor: int, buffer: DiskRequests, unhashed: int, reserved: int) -> None:
        self._hash = ContentHash()
        self._descriptor = descriptor
        self._flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
        self._buffer = buffer
        # Of the file: what was handed to the disk, and how much room it has. Of the segment: how much is in it.
        self._handed, self._reserved = 0, reserved
        self._reserves = True
        self._segment = self._filled = 0
        self._unhashed = unhashed
        self._open = True
        self._failure: OSError | None = None

    @classmethod
    def begin(cls, descriptor: int, unhashed: int, reserved: int = 0) -> Self | None:
        """Begin to write an empty file; none where the system or the file system has no unbuffered writes.

        Parameters
        ----------
        descriptor
            The file.
        unhashed
            How many bytes at the beginning, less than a segment, are no part of what is hashed.
        reserved
            How much room the file has, in bytes.

        Raises
        ------
        OSError
            The disk fails already.
        """
        buffer = _POOL.borrow()
        if buffer is None:
            return None
        file = cls(descriptor, buffer, unhashed, reserved)
        try:
            fcntl.fcntl(descriptor, fcntl.F_SETFL, file._flags | os.O_DIRECT)
        except OSError:
            _POOL.give_back(buffer)
            return None
        try:
            file._expect(EXPECTED.of_thread or reserved or _RESERVED_BYTES)
        except BaseException:
            file.abandon()
            raise
        return file

    def write(self, view: memoryview | bytes | bytearray) -> None:
        """Append bytes; they may be overwritten once this returns.

        Raises
        ------
        OSError
            The disk did not take what was written before.
        """
        if self._failure is not None:
            raise self._failure
        rest = memoryview(view)
        while rest:
            room = self._buffer.segments[self._segment]
            count = min(len(rest), SEGMENT_BYTES - self._filled)
            room[self._filled : self._filled + count] = rest[:count]
            self._filled += count
            rest = rest[count:]
            if self._filled == SEGMENT_BYTES:
                self._turn()

    def finish(self) -> None:
        """Hand over what is left; `wait` says when the file holds it all.

        Raises
        ------
        OSError
            The disk did not take what was written before.
        """
        if self._failure is not None:
            raise self._failure
        whole = self._filled - self._filled % _BLOCK
        if whole:
            self._hand_over(whole)
        # The rest is no block: it goes through the cache, and to the disk while that is busy with the others.
        fcntl.fcntl(self._descriptor, fcntl.F_SETFL, self._flags)
        if self._filled > whole:
            begin = self._handed
            self._write_all(bytes(self._buffer.segments[self._segment][whole : self._filled]))
            start_writeback(self._descriptor, begin, self._handed - begin)
        self._add_to_hash()
        if self._reserved > self._handed:
            # This waits for the disk.
            os.ftruncate(self._descriptor, self._handed)
        EXPECTED.note(min(self._handed, _MOST_RESERVED_BYTES))

    def wait(self) -> None:
        """Wait until the file holds all; a flush makes it durable. The memory is somebody else's afterwards.

        Raises
        ------
        OSError
            The disk did not take it.
        """
        if self._failure is not None:
            raise self._failure
        if self._open:
            try:
                self._buffer.wait()
            except OSError as error:
                # It is told once, but nobody may take the file for whole afterwards.
                self._failure = error
                raise
            self.abandon()

    def content_hash(self) -> str:
        """Return the hash of what was written, whether the disk has it or not."""
        return self._hash.text()

    def abandon(self) -> None:
        """Wait for what is on its way, whatever becomes of it: the memory is somebody else's afterwards."""
        if not self._open:
            return
        self._open = False
        with suppress(OSError):
            self._buffer.wait()
        _POOL.give_back(self._buffer)

    def _turn(self) -> None:
        """Hand over a full segment, and wait until the next one may be filled."""
        try:
            self._hand_over(SEGMENT_BYTES)
            # While the disk reads the same.
            self._add_to_hash()
            self._segment = (self._segment + 1) % SEGMENTS
            self._filled = 0
            self._buffer.wait_for(self._segment)
        except OSError as error:
            self._failure = error
            raise

    def _add_to_hash(self) -> None:
        self._hash.update(self._buffer.segments[self._segment][self._unhashed : self._filled])
        self._unhashed = 0

    def _hand_over(self, size: int) -> None:
        if self._handed + size > self._reserved:
            self._make_room(max(size, min(self._handed, _MOST_RESERVED_BYTES)))
        self._buffer.hand_over(self._segment, self._descriptor, size, self._handed)
        self._handed += size

    def _expect(self, size: int) -> None:
        """Give the empty file as much room as it probably needs."""
        if size > self._reserved:
            self._make_room(size - self._reserved)
        elif size < self._reserved:
            # Later this would wait for the disk.
            os.ftruncate(self._descriptor, size)
            self._reserved = size

    def _make_room(self, size: int) -> None:
        """Reserve blocks, so that the disk need not be waited for to lengthen the file; without them it is."""
        if not self._reserves:
            return
        if reserve(self._descriptor, self._reserved, size):
            self._reserved += size
        else:
            # A disk that is nearly full may have given a part, and made the file as long: others need it more.
            self._reserves = False
            os.ftruncate(self._descriptor, max(self._handed, self._reserved))

    def _write_all(self, content: bytes) -> None:
        while content:
            count = os.pwrite(self._descriptor, content, self._handed)
            self._handed += count
            content = content[count:]
