"""Pictures made ahead in a limited child process that waits for everybody else on the machine.

The process alone loads what pictures are made with: the worker, which starts it, has no other use for that.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from archive.errors import NotTranscodable
from archive.retrieve import StoredInstance
from dicomweb.rendering.child_process import ChildProcess, ProcessEnded

_FAILURE: Final = "Making the picture took too much memory or time."


class PictureProcess:
    """Makes the pictures of a series, one at a time.

    Parameters
    ----------
    folder
        Where the object files are.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._series = b""
        self._child: ChildProcess | None = None
        self._is_over = False

    def begin(self, instances: Sequence[StoredInstance]) -> list[str]:
        """Begin with a series; gives the names of the pictures that are made of it.

        Raises
        ------
        NotTranscodable
            The process does not start.
        """
        self._series = json.dumps([asdict(instance) for instance in instances]).encode()
        try:
            return self._tell()
        except NotTranscodable:
            self.stop()
            raise

    def make(self, number: int) -> bytes | None:
        """Make a picture; None where there is none, or where it takes too much memory or time.

        Parameters
        ----------
        number
            Place of its name in what `begin` gave, counted from 0.
        """
        try:
            if self._child is None:
                self._tell()
            return self._ask({"number": number})
        except ProcessEnded:
            self.stop()
            return None
        except NotTranscodable:
            return None

    def _tell(self) -> list[str]:
        answer = self._ask({"series": True}, self._series)
        try:
            return [str(name) for name in json.loads(answer)]
        except (ValueError, TypeError) as error:
            raise ProcessEnded(_FAILURE) from error

    def _ask(self, description: Mapping[str, Any], data: bytes = b"") -> bytes:
        if self._is_over:
            raise ProcessEnded(_FAILURE)
        if self._child is None:
            self._child = ChildProcess("dicomweb.rendering.picture_worker", str(self._folder), failure=_FAILURE)
        self._child.send(description, data)
        return self._child.receive()[1]

    def kill(self) -> None:
        """End it for good, whatever it is doing, from another thread."""
        self._is_over = True
        child = self._child
        if child is not None:
            child.kill()

    def stop(self) -> None:
        """End the process."""
        if self._child is not None:
            self._child.end()
            self._child = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.stop()
