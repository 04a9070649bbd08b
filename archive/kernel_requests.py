"""Requests that the kernel carries out by itself while the process goes on (io_submit(2))."""

import ctypes
import errno
import os
import platform
import sys
from typing import Any, Final, NamedTuple

# io_setup, io_destroy, io_submit, io_getevents.
_CALL_NUMBERS: Final = {"x86_64": (206, 207, 209, 208), "aarch64": (0, 1, 2, 4), "riscv64": (0, 1, 2, 4)}
# A 32-bit process of the same machine has other numbers for its calls.
_ADDRESS_BITS_64: Final = sys.maxsize > 1 << 32
# Opcodes of linux/aio_abi.h.
WRITE: Final = 1
FLUSH: Final = 3


class Unsupported(Exception):
    """The system has no such requests, or none left."""


class Request(ctypes.Structure):
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


class Done(NamedTuple):
    """What became of a request: its `data`, and a count of bytes or the negative number of an error."""

    data: int
    result: int


_call: Final = ctypes.CDLL(None, use_errno=True).syscall
_call.restype = ctypes.c_long
_AT_ONCE: Final = (ctypes.c_long * 2)(0, 0)


def pointers_to(*requests: Request) -> Any:
    """Give what `submit` takes; as good as the requests live."""
    return (ctypes.c_void_p * len(requests))(*map(ctypes.addressof, requests))


class KernelRequests:
    """A number of requests that can be on their way at once. For one thread at a time.

    Parameters
    ----------
    most
        So many.

    Raises
    ------
    Unsupported
        The system has no such requests.
    """

    def __init__(self, most: int) -> None:
        numbers = _CALL_NUMBERS.get(platform.machine())
        if sys.platform != "linux" or sys.byteorder != "little" or not _ADDRESS_BITS_64 or numbers is None:
            raise Unsupported
        setup, self._destroy, self._submit, self._get_events = map(ctypes.c_long, numbers)
        self._context = ctypes.c_ulong(0)
        self._most = ctypes.c_long(most)
        self._events = (_Event * most)()
        if _call(setup, ctypes.c_uint(most), ctypes.byref(self._context)) != 0:
            raise Unsupported

    def close(self) -> None:
        """Wait for what is on its way, and let the kernel forget the rest."""
        _call(self._destroy, self._context)

    def submit(self, pointers: Any, count: int = 1) -> int:
        """Hand requests to the kernel, which has read them when this returns.

        Parameters
        ----------
        pointers
            As `pointers_to` makes them.
        count
            How many of them.

        Returns
        -------
        int
            How many it took, the first ones; none at all may be a negative number.
        """
        return int(_call(self._submit, self._context, ctypes.c_long(count), pointers))

    def collect(self, least: int) -> list[Done]:
        """Wait until so many are done, and return all that are; those are told only once.

        Raises
        ------
        OSError
            The kernel does not say.
        """
        arguments = self._context, ctypes.c_long(least), self._most, self._events, None if least else _AT_ONCE
        while (done := _call(self._get_events, *arguments)) < 0:
            if (code := ctypes.get_errno()) != errno.EINTR:
                raise OSError(code, os.strerror(code))
        return [Done(event.data, event.result) for event in self._events[:done]]
