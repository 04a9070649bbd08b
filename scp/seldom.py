"""Warnings that a flood of connections would otherwise fill the log with."""

from time import monotonic
from typing import Any, Final

import structlog

_log = structlog.get_logger()
_SECONDS: Final = 1.0


class Seldom:
    """Logs the same warning at most once a second, with the number of times it was meant; for one thread.

    Parameters
    ----------
    event
        What happened.
    """

    def __init__(self, event: str) -> None:
        self._event = event
        self._count = 0
        self._next = 0.0

    def warn(self, **details: Any) -> None:
        """Log with the details of this time, or only count."""
        self._count += 1
        now = monotonic()
        if now >= self._next:
            _log.warning(self._event, times=self._count, **details)
            self._count, self._next = 0, now + _SECONDS
