"""Flushes of new files before anything is in them, all at once.

The first flush of a new file takes its name along (ext4 writes the folder too): an object that is waited for need not
pay for that when its file lay ready. Many that the kernel makes by itself cost little more than one.
"""

from collections.abc import Sequence
from typing import Final

from archive.kernel_requests import FLUSH, KernelRequests, Request, pointers_to

MOST_AT_ONCE: Final = 16


class EarlyFlush:
    """Flushes some files at a time. For one thread.

    Raises
    ------
    Unsupported
        The system has no such requests.
    """

    def __init__(self) -> None:
        self._kernel = KernelRequests(MOST_AT_ONCE)
        self._requests = [Request(data=number, opcode=FLUSH) for number in range(MOST_AT_ONCE)]
        self._pointers = pointers_to(*self._requests)

    def flush(self, descriptors: Sequence[int]) -> list[bool]:
        """Flush files, and wait for that.

        Parameters
        ----------
        descriptors
            No more than `MOST_AT_ONCE`.

        Returns
        -------
        list of bool
            False for each file with a fault, which nobody else will be told of. One that the kernel did not take is as
            good as it was.

        Raises
        ------
        OSError
            The kernel does not say what became of them.
        """
        for request, descriptor in zip(self._requests, descriptors, strict=False):
            request.descriptor = descriptor
        is_well = [True] * len(descriptors)
        waiting = self._kernel.submit(self._pointers, len(descriptors))
        while waiting > 0:
            done = self._kernel.collect(waiting)
            waiting -= len(done)
            for number, result in done:
                is_well[number] = result == 0
        return is_well

    def close(self) -> None:
        """Wait for those on their way, and let the kernel forget the rest."""
        self._kernel.close()
