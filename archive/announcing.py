"""Tells other processes that something arrived: soon, but never in the way of the answer to a sender."""

import threading
from collections.abc import Callable
from typing import Final

_PAUSE_SECONDS: Final = 0.05


class Announcer:
    """Calls a function after `announce`, in its own thread, at most twenty times a second.

    Parameters
    ----------
    publish
        What to call; it must not raise.
    """

    def __init__(self, publish: Callable[[], None]) -> None:
        self._publish = publish
        self._wanted = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="announcer", daemon=True)
        self._thread.start()

    def announce(self) -> None:
        """Ask for a call. Costs next to nothing."""
        if not self._wanted.is_set():
            self._wanted.set()

    def close(self) -> None:
        """Make the last call that was asked for, and end."""
        self._closing.set()
        self._wanted.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closing.is_set():
            self._wanted.wait()
            # Cleared before the call: what arrives during it is announced by the next one.
            self._wanted.clear()
            self._publish()
            self._closing.wait(_PAUSE_SECONDS)
