"""The end of the process, as open channels learn of it in time to say so."""

import asyncio
import contextlib
from collections.abc import Iterator


class Ending:
    """Tells the channels of this process that it ends, and waits a moment until each has told its client."""

    def __init__(self) -> None:
        self._begun = asyncio.Event()
        self._nobody_speaks = asyncio.Event()
        self._nobody_speaks.set()
        self._speakers = 0

    @contextlib.contextmanager
    def waits_for_me(self) -> Iterator[None]:
        """Let the end wait for what is done inside."""
        self._speakers += 1
        self._nobody_speaks.clear()
        try:
            yield
        finally:
            self._speakers -= 1
            if not self._speakers:
                self._nobody_speaks.set()

    async def comes_within(self, seconds: float) -> bool:
        """Wait so long, and tell whether the process ends."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._begun.wait()
        return self._begun.is_set()

    async def begin(self, seconds: float) -> None:
        """Tell all channels, and wait until they are through or the time is over."""
        self._begun.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._nobody_speaks.wait()
