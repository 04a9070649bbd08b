"""Parts of a file on their way to the disk, and the memory they are written from."""

import ctypes
import errno
import fcntl
import mmap
import os
from contextlib import suppress
from typing import Final

from archive.kernel_requests import WRITE, KernelRequests, Request, Unsupported, pointers_to

# Each request costs some 30 microseconds, and the last one is waited for: the most frequent large image, of 512x512
# pixels in 16 bits, and its header take two.
SEGMENT_BYTES: Final = 272 << 10
SEGMENTS: Final = 4
_LARGE_PAGE: Final = 2 << 20
# MADV_WIPEONFORK of madvise(2), since Linux 4.14; Python has no name for it.
_WIPE_ON_FORK: Final = 18

# Not that the disk failed: it is tried again, and that tells what the matter is.
_AGAIN: Final = frozenset({-errno.EINVAL, -errno.EINTR, -errno.EAGAIN})


def _memory(size: int) -> memoryview:
    """Give memory that a disk can read: in one piece, where the system has pages as large, so that it is found fast."""
    # Wherever it begins, one such page is in it as a whole.
    mapped = mmap.mmap(-1, 2 * _LARGE_PAGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    # A fork would copy private pages away from under the disk (NOTES of open(2)); a child gets others, without content.
    mapped.madvise(_WIPE_ON_FORK)
    with suppress(OSError):
        mapped.madvise(mmap.MADV_HUGEPAGE)
    begin = -ctypes.addressof(ctypes.c_char.from_buffer(mapped)) % _LARGE_PAGE
    return memoryview(mapped)[begin : begin + size]


class DiskRequests:
    """Some segments of memory, each of which can be on its way to the disk. For one thread at a time.

    Raises
    ------
    Unsupported
        The system has no such requests.
    """

    def __init__(self) -> None:
        self._kernel = KernelRequests(SEGMENTS)
        try:
            memory = _memory(SEGMENTS * SEGMENT_BYTES)
        except OSError as error:
            self.close()
            raise Unsupported from error
        self.segments = [memory[at : at + SEGMENT_BYTES] for at in range(0, len(memory), SEGMENT_BYTES)]
        address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
        self._requests = [
            Request(data=number, opcode=WRITE, address=address + number * SEGMENT_BYTES) for number in range(SEGMENTS)
        ]
        self._pointers = [pointers_to(request) for request in self._requests]
        self._on_their_way: set[int] = set()
        self.is_usable = True
        """False once the kernel refused to say what became of requests: what it says later would be of those."""

    def close(self) -> None:
        """Wait for what is on its way, and let the kernel forget the rest."""
        self._kernel.close()

    def hand_over(self, number: int, descriptor: int, size: int, offset: int) -> None:
        """Have the first `size` bytes of a segment written to a file; it must be left alone until `wait_for`.

        Raises
        ------
        OSError
            It cannot be written.
        """
        request = self._requests[number]
        request.descriptor, request.size, request.offset = descriptor, size, offset
        if self._kernel.submit(self._pointers[number]) == 1:
            self._on_their_way.add(number)
            return
        # The kernel takes no more requests, or the file system wants other sizes: it is written at once.
        self._write(number)

    def wait_for(self, number: int) -> None:
        """Wait until a segment may be used again.

        Raises
        ------
        OSError
            One of those on their way was not written.
        """
        while number in self._on_their_way:
            self._collect(1)

    def wait(self) -> None:
        """Wait until all of them may be used again; raises as `wait_for` does, but only when none is on its way."""
        failure = None
        while self._on_their_way:
            try:
                self._collect(len(self._on_their_way))
            except OSError as error:
                failure = error
        if failure is not None:
            raise failure

    def _collect(self, count: int) -> None:
        try:
            done = self._kernel.collect(count)
        except OSError:
            self.is_usable = False
            self._on_their_way.clear()
            self.close()
            raise
        failure = None
        for number, result in done:
            self._on_their_way.discard(number)
            try:
                self._judge(number, result)
            except OSError as error:
                failure = error
        if failure is not None:
            raise failure

    def _judge(self, number: int, result: int) -> None:
        if result in _AGAIN:
            self._write(number)
        elif result < 0:
            raise OSError(-result, os.strerror(-result))
        elif result < self._requests[number].size:
            # Written in part: what is left tells why.
            self._write(number, result)

    def _write(self, number: int, done: int = 0) -> None:
        """Write a segment and wait for it; through the cache, which takes any size."""
        request = self._requests[number]
        flags = fcntl.fcntl(request.descriptor, fcntl.F_GETFL)
        fcntl.fcntl(request.descriptor, fcntl.F_SETFL, flags & ~os.O_DIRECT)
        while done < request.size:
            view = self.segments[number][done : request.size]
            done += os.pwrite(request.descriptor, view, request.offset + done)
        fcntl.fcntl(request.descriptor, fcntl.F_SETFL, flags)
