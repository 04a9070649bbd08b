"""Requests to write that the kernel carries out by itself (io_submit(2)), and the memory they are written from."""

import ctypes
import errno
import fcntl
import mmap
import os
import platform
import sys
from typing import Final

SEGMENT_BYTES: Final = 256 << 10
SEGMENTS: Final = 4

# io_setup, io_destroy, io_submit, io_getevents.
_CALL_NUMBERS: Final = {"x86_64": (206, 207, 209, 208), "aarch64": (0, 1, 2, 4), "riscv64": (0, 1, 2, 4)}
_WRITE: Final = 1
# A 32-bit process of the same machine has other numbers for its calls.
_ADDRESS_BITS_64: Final = sys.maxsize > 1 << 32
# Not that the disk failed: it is tried again, and that tells what the matter is.
_AGAIN: Final = frozenset({-errno.EINVAL, -errno.EINTR, -errno.EAGAIN})


class Unsupported(Exception):
    """The system has no such requests, or none left."""


class _Request(ctypes.Structure):
    """`struct iocb` of linux/aio_abi.h, little endian."""

    _fields_ = (
        ("data", ctypes.c_uint64),
        ("key", ctypes.c_uint32),
        ("rw_flags", ctypes.c_int32),
        ("opcode", ctypes.c_uint16),
        ("priority", ctypes.c_int16),
        ("descriptor", ctypes.c_uint32),
        ("address", ctypes.c_uint64),
        ("size", ctypes.c_uint64),
        ("offset", ctypes.c_int64),
        ("reserved", ctypes.c_uint64),
        ("flags", ctypes.c_uint32),
        ("event_descriptor", ctypes.c_uint32),
    )


class _Event(ctypes.Structure):
    """`struct io_event`."""

    _fields_ = (
        ("data", ctypes.c_uint64),
        ("request", ctypes.c_uint64),
        ("result", ctypes.c_int64),
        ("result2", ctypes.c_int64),
    )


_call: Final = ctypes.CDLL(None, use_errno=True).syscall
_call.restype = ctypes.c_long


class DiskRequests:
    """Some segments of memory, each of which can be on its way to the disk. For one thread at a time.

    Raises
    ------
    Unsupported
        The system has no such requests.
    """

    def __init__(self) -> None:
        numbers = _CALL_NUMBERS.get(platform.machine())
        if sys.platform != "linux" or sys.byteorder != "little" or not _ADDRESS_BITS_64 or numbers is None:
            raise Unsupported
        setup, self._destroy, self._submit, self._get_events = map(ctypes.c_long, numbers)
        self._context = ctypes.c_ulong(0)
        if _call(setup, ctypes.c_uint(SEGMENTS), ctypes.byref(self._context)) != 0:
            raise Unsupported
        try:
            # Shared, not private: a fork would copy private pages away from under the disk (NOTES of open(2)).
            self._memory = mmap.mmap(-1, SEGMENTS * SEGMENT_BYTES, flags=mmap.MAP_SHARED | mmap.MAP_ANONYMOUS)
        except OSError as error:
            self.close()
            raise Unsupported from error
        whole = memoryview(self._memory)
        self.segments = [whole[at : at + SEGMENT_BYTES] for at in range(0, len(whole), SEGMENT_BYTES)]
        address = ctypes.addressof(ctypes.c_char.from_buffer(self._memory))
        self._requests = [
            _Request(data=number, opcode=_WRITE, address=address + number * SEGMENT_BYTES) for number in range(SEGMENTS)
        ]
        self._pointers = [(ctypes.c_void_p * 1)(ctypes.addressof(request)) for request in self._requests]
        self._events = (_Event * SEGMENTS)()
        self._on_their_way: set[int] = set()
        self.is_usable = True
        """False once the kernel refused to say what became of requests: what it says later would be of those."""

    def close(self) -> None:
        """Wait for what is on its way, and let the kernel forget the rest."""
        _call(self._destroy, self._context)

    def hand_over(self, number: int, descriptor: int, size: int, offset: int) -> None:
        """Have the first `size` bytes of a segment written to a file; it must be left alone until `wait_for`.

        Raises
        ------
        OSError
            It cannot be written.
        """
        request = self._requests[number]
        request.descriptor, request.size, request.offset = descriptor, size, offset
        if _call(self._submit, self._context, ctypes.c_long(1), self._pointers[number]) == 1:
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
        arguments = self._context, ctypes.c_long(count), ctypes.c_long(SEGMENTS), self._events, None
        done = _call(self._get_events, *arguments)
        if done < 0:
            if ctypes.get_errno() == errno.EINTR:
                return
            code = ctypes.get_errno()
            self.is_usable = False
            self._on_their_way.clear()
            self.close()
            raise OSError(code, os.strerror(code))
        failure = None
        for event in self._events[:done]:
            self._on_their_way.discard(event.data)
            try:
                self._judge(event.data, event.result)
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
