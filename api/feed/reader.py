"""Reads the event log when the bus says so, once for all sockets of the process."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable
from typing import Final

import structlog

from api.feed.channel import Channel, Message
from archive import events
from archive.bus import Bus
from archive.database import AsyncDatabase
from archive.errors import DatabaseUnavailable

_log = structlog.get_logger()
_PAGE: Final = 500
_POLL_SECONDS: Final = 1.0


class Feed:
    """The process's one reader of the log.

    Parameters
    ----------
    database
        Where the log is.
    bus
        Says "look" on the topic "events"; a second without a word is answered by looking anyway.
    """

    def __init__(self, database: AsyncDatabase, bus: Bus) -> None:
        self._database = database
        self._bus = bus
        self._channels: dict[str, Channel] = {}

    @property
    def clients(self) -> int:
        """How many sockets listen in this process."""
        return sum(channel.clients for channel in self._channels.values())

    async def last_seq(self, tenant: str) -> int:
        """Return the newest `seq` of the log."""
        return await self._database.read(events.last_seq, tenant)

    async def page(self, tenant: str, since: int) -> list[Message]:
        """Return the oldest messages after `since`, at most one page."""
        return await self._database.read(events.since, tenant, since, _PAGE)

    def channel(self, tenant: str) -> Channel:
        """Return the tenant's channel."""
        return self._channels.setdefault(tenant, Channel(0))

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Read the log in the background while the block runs."""
        wake = asyncio.Event()
        loop = asyncio.get_running_loop()
        stop = threading.Event()
        ear = threading.Thread(
            target=_listen,
            args=(self._bus, stop, lambda: loop.call_soon_threadsafe(wake.set)),
            name="feed",
            daemon=True,
        )
        ear.start()
        reading = asyncio.create_task(self._read(wake))
        try:
            yield
        finally:
            stop.set()
            reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reading
            await asyncio.to_thread(ear.join)

    async def _read(self, wake: asyncio.Event) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(wake.wait(), _POLL_SECONDS)
            wake.clear()
            try:
                await self._advance()
            except DatabaseUnavailable:
                _log.warning("feed_waits_for_database")

    async def _advance(self) -> None:
        for tenant, channel in list(self._channels.items()):
            while channel.clients and (messages := await self.page(tenant, channel.cursor)):
                channel.publish(messages)


def _listen(bus: Bus, stop: threading.Event, wake: Callable[[], object]) -> None:
    subscription = bus.subscribe("events")
    try:
        while not stop.is_set():
            if subscription.wait(_POLL_SECONDS / 2):
                wake()
    finally:
        subscription.close()
