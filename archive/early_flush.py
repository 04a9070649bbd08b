"""Flushes of new files before anything is in them, which the kernel makes by itself.

The first flush of a new file takes its name along (ext4 writes the folder too): an object that is waited for need not
pay for that when its file lay ready. Many at once cost little more than one.
"""

from collections.abc import Sequence
from typing import Final

from archive.kernel_requests import FLUSH, KernelRequests, Request, pointers_to

MOST_AT_ONCE: Final = 16


class EarlyFlush:
    """Flushes some files at a time. For one thread at a time.

    Raises
    ------
    Unsupported
        The system has no such requests.
    """

    def __init__(self) -> None:
        self._kernel = KernelRequests(MOST_AT_ONCE)
        self._requests = [Request(data=number, opcode=FLUSH) for number in range(MOST_AT_ONCE)]
        self._pointers = pointers_to(*self._requests)
        self._on_their_way = 0

    @property
    def is_idle(self) -> bool:
        """Whether none is on its way, so far as `finished` has told."""
        return self._on_their_way == 0

    def begin(self, descriptors: Sequence[int]) -> int:
        """Begin to flush the first `MOST_AT_ONCE` files, when none is on its way; `finished` tells how that ended.

        Until then nothing may be written into them: a fault of the disk is told once, and would be told here.

        Returns
        -------
        int
            How many the kernel took, the first ones.
        """
        descriptors = descriptors[:MOST_AT_ONCE]
        for request, descriptor in zip(self._requests, descriptors, strict=False):
            request.descriptor = descriptor
        self._on_their_way = max(0, self._kernel.submit(self._pointers, len(descriptors)))
        return self._on_their_way

    def finished(self) -> list[tuple[int, bool]]:
        """Tell which files, by their place in `begin`, are done since, and whether it went well; does not wait.

        Raises
        ------
        OSError
            The kernel does not say.
        """
        done = self._kernel.collect(0)
        self._on_their_way -= len(done)
        return [(number, result == 0) for number, result in done]

    def close(self) -> None:
        """Wait for those on their way."""
        self._kernel.close()
