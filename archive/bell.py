"""A bell that threads of several processes wait for: a word of shared memory, and the kernel's futex(2) on it.

Python has nothing of the kind that unrelated processes could share without a server. Where the system has no futex, or
the number of its call is not known here, waiting is a short sleep.
"""

import ctypes
import errno
import mmap
import os
import platform
import time
from typing import Final

_WORD_BYTES: Final = 4
_BYTES: Final = 2 * _WORD_BYTES
_MODULUS: Final = 1 << 32
_WAIT: Final = 0
_WAKE: Final = 1
_EVERYBODY: Final = (1 << 31) - 1
_CALL_NUMBERS: Final = {"x86_64": 202, "aarch64": 98, "riscv64": 98, "ppc64le": 221, "s390x": 238}
_SLEEP_SECONDS: Final = 0.000_1


class _Timespec(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


class Bell:
    """Rung by one, heard by all that wait.

    Parameters
    ----------
    descriptor
        A file open for reading and writing, the same for all; its first four bytes count the strokes, the next four
        tell whether anybody listens.
    """

    def __init__(self, descriptor: int) -> None:
        if os.fstat(descriptor).st_size < _BYTES:
            os.ftruncate(descriptor, _BYTES)
        self._memory = mmap.mmap(descriptor, _BYTES)
        self._word = ctypes.c_uint32.from_buffer(self._memory)
        self._listening = ctypes.c_uint32.from_buffer(self._memory, _WORD_BYTES)
        self._address = ctypes.addressof(self._word)
        self._number = _CALL_NUMBERS.get(platform.machine()) if platform.system() == "Linux" else None
        self._call = ctypes.CDLL(None, use_errno=True).syscall

    @property
    def strokes(self) -> int:
        """How often it was rung; to be read before looking whether there is anything to wait for."""
        return self._word.value

    def listen(self) -> None:
        """Say that somebody is about to wait; to be followed by one more look for what there is to wait for.

        Who rings has made it so before: either that look sees it, or the bell is rung for us.
        """
        self._listening.value = 1

    def ring(self) -> None:
        """Wake all that wait. Strokes of two at the same instant may count as one, which wakes everybody too."""
        if not self._listening.value:
            return
        self._listening.value = 0
        self._word.value = (self._word.value + 1) % _MODULUS
        if self._number is not None:
            self._futex(_WAKE, _EVERYBODY, None)

    def wait(self, strokes: int, seconds: float) -> None:
        """Wait until it was rung more often than `strokes`, but no longer than `seconds`."""
        if self._number is None:
            time.sleep(min(seconds, _SLEEP_SECONDS))
        elif self._futex(_WAIT, strokes, _Timespec(int(seconds), int(seconds % 1 * 1e9))) == errno.ENOSYS:
            self._number = None

    def close(self) -> None:
        """Let go of the file."""
        del self._word, self._listening
        self._memory.close()

    def _futex(self, operation: int, value: int, timeout: _Timespec | None) -> int:
        """Ask the kernel; returns the error number, 0 for none."""
        failed = self._call(
            ctypes.c_long(self._number or 0),
            ctypes.c_void_p(self._address),
            ctypes.c_int(operation),
            ctypes.c_uint32(value),
            ctypes.byref(timeout) if timeout else None,
            None,
            ctypes.c_int(0),
        )
        return ctypes.get_errno() if failed < 0 else 0
