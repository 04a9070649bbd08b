"""A limited child process that makes pictures or video: the messages are those of `archive.decoding_messages`."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import IO, Any, Final, Self, cast

from archive.decoding import MEMORY_BYTES, TIMEOUT_SECONDS
from archive.decoding_messages import LENGTHS, send_message
from archive.errors import NotTranscodable

# What is given is held in memory.
_MOST_BYTES: Final = 256 << 20
_LONGEST_DESCRIPTION: Final = 1 << 16
_END_SECONDS: Final = 2.0


class ProcessEnded(NotTranscodable):
    """The process died of its limits, or gave what it should not: it is of no use any more."""


class ChildProcess:
    """One child process. It ends itself when a step takes too long, so that waiting for it always ends.

    Parameters
    ----------
    module
        The program: it is given the arguments, its limit of memory in bytes, and the seconds that a step may take.
    arguments
        What it is to do.
    failure
        What is said when it dies of its limits.
    descriptors
        Open files that it is to have.
    """

    def __init__(self, module: str, *arguments: str, failure: str, descriptors: Sequence[int] = ()) -> None:
        limits = str(MEMORY_BYTES), str(TIMEOUT_SECONDS)
        # Thread pools of linear algebra would only reserve address space here.
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        self._failure = failure
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments, *limits],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=descriptors,
            env=environment,
        )

    def send(self, description: Mapping[str, Any], data: bytes = b"") -> None:
        """Send a message.

        Raises
        ------
        ProcessEnded
            It takes nothing any more.
        """
        try:
            send_message(cast("IO[bytes]", self._process.stdin), description, data)
        except OSError as error:
            raise ProcessEnded(self._failure) from error

    def receive(self) -> tuple[dict[str, Any], bytes]:
        """Wait for a message.

        Raises
        ------
        NotTranscodable
            The process says that it could not do it.
        ProcessEnded
            It died, or gives too much.
        """
        description_length, data_length = LENGTHS.unpack(self._read(LENGTHS.size))
        if description_length > _LONGEST_DESCRIPTION or data_length > _MOST_BYTES:
            raise ProcessEnded("What was made is too large.")
        try:
            description: dict[str, Any] = json.loads(self._read(description_length))
        except ValueError as error:
            raise ProcessEnded(self._failure) from error
        if "error" in description:
            raise NotTranscodable("The pixel data cannot be read, or nothing can be made of it.")
        return description, self._read(data_length)

    def _read(self, count: int) -> bytes:
        content = cast("IO[bytes]", self._process.stdout).read(count)
        if len(content) < count:
            raise ProcessEnded(self._failure)
        return content

    def end(self) -> None:
        """Let a process that waits for a message end by itself, with the processes that it has started."""
        with suppress(OSError):
            cast("IO[bytes]", self._process.stdin).close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_END_SECONDS)
        self.stop()

    def kill(self) -> None:
        """End the process, whatever it is doing, from another thread; whoever waits for it is told."""
        self._process.kill()

    def stop(self) -> None:
        """End the process, whatever it is doing."""
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            # What was not sent yet is of no use to anybody.
            with suppress(OSError):
                cast("IO[bytes]", pipe).close()
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.stop()
