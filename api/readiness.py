"""What a node cannot work without, and whether it works."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

import structlog

from archive.errors import NodeError

Check = Callable[[], Awaitable[None]]

_log = structlog.get_logger()
_SECONDS: Final = 3.0
# Probes may come from several places at once; one look a second is enough for all of them.
_REMEMBERED_SECONDS: Final = 1.0
# A part that takes longer works, but senders will notice.
_SLOW_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What the checks said.

    Parameters
    ----------
    failing
        Parts that do not work.
    slow
        Parts that work, but take their time.
    """

    failing: tuple[str, ...] = ()
    slow: tuple[str, ...] = ()


class Readiness:
    """The checks, and their last outcome.

    Parameters
    ----------
    checks
        By name; a check that raises is not ready.
    """

    def __init__(self, checks: Mapping[str, Check]) -> None:
        self._checks = checks
        self._condition = Condition()
        self._until = 0.0
        self._lock = asyncio.Lock()

    @property
    def names(self) -> list[str]:
        """What is checked."""
        return list(self._checks)

    async def condition(self) -> Condition:
        """Return what does not work, and what is slow."""
        async with self._lock:
            if time.monotonic() >= self._until:
                times = dict(zip(self._checks, await asyncio.gather(*map(self._time, self._checks)), strict=True))
                self._condition = Condition(
                    failing=tuple(name for name, seconds in times.items() if seconds is None),
                    slow=tuple(name for name, seconds in times.items() if seconds and seconds > _SLOW_SECONDS),
                )
                self._until = time.monotonic() + _REMEMBERED_SECONDS
            return self._condition

    async def _time(self, name: str) -> float | None:
        """Return the seconds that a check took; None when it failed."""
        started = time.monotonic()
        try:
            async with asyncio.timeout(_SECONDS):
                await self._checks[name]()
        except (OSError, TimeoutError, NodeError) as error:
            _log.warning("not_ready", part=name, error=type(error).__name__)
            return None
        return time.monotonic() - started
