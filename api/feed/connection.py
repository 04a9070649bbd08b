"""One WebSocket of the feed: replay from the log, then live, until one side has had enough."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from starlette.websockets import WebSocket, WebSocketDisconnect

from api.feed.channel import FellBehindError, Message, Subscriber
from api.feed.reader import Feed

# A client has nothing to say; what it sends all the same is read and forgotten up to this size.
LARGEST_CLIENT_MESSAGE: Final = 4096
QUEUE_LENGTH: Final = 1000


class Close(IntEnum):
    """Why the node ends a feed (RFC 6455 Section 7.4.1)."""

    POLICY = 1008
    TOO_BIG = 1009
    TRY_LATER = 1013


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long, in seconds, one thing may take.

    Parameters
    ----------
    send
        Until the peer takes one message.
    recheck
        Between two looks at whether the credentials still hold.
    close
        Until the peer takes the close frame, behind all that it did not read yet.
    """

    send: float = 20.0
    recheck: float = 5.0
    close: float = 20.0


class Connection:
    """The feed for one accepted WebSocket.

    Parameters
    ----------
    socket
        The accepted WebSocket.
    feed
        The process's reader of the log.
    tenant
        Whose messages are sent.
    still_allowed
        Tells whether the credentials that opened the socket hold.
    patience
        Time limits.
    queue_length
        Live messages that may wait for a slow reader.
    """

    def __init__(
        self,
        socket: WebSocket,
        feed: Feed,
        tenant: str,
        *,
        still_allowed: Callable[[], Awaitable[bool]],
        patience: Patience,
        queue_length: int = QUEUE_LENGTH,
    ) -> None:
        self._socket = socket
        self._feed = feed
        self._tenant = tenant
        self._still_allowed = still_allowed
        self._patience = patience
        self._queue_length = queue_length

    async def run(self, since: int | None) -> None:
        """Send everything after `since` (`None`: what comes from now on) until either side ends it."""
        tasks = [
            asyncio.create_task(self._send(since)),
            asyncio.create_task(self._receive()),
            asyncio.create_task(self._watch()),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        code = done.pop().result()
        if code is not None:
            # A peer that reads nothing does not read the close frame either: its socket is then just closed.
            with contextlib.suppress(TimeoutError, WebSocketDisconnect):
                async with asyncio.timeout(self._patience.close):
                    await self._socket.close(code)

    async def _send(self, since: int | None) -> Close | None:
        try:
            async with self._subscribed(await self._start(since)) as subscriber:
                while True:
                    await self._send_one(await subscriber.next())
        except (FellBehindError, TimeoutError):
            return Close.TRY_LATER
        except WebSocketDisconnect:
            return None

    async def _start(self, since: int | None) -> int:
        """Return where to begin; a number beyond the log's end (of another database) means its end."""
        last = await self._feed.last_seq(self._tenant)
        return last if since is None else min(since, last)

    @contextlib.asynccontextmanager
    async def _subscribed(self, position: int) -> AsyncIterator[Subscriber]:
        """Replay the log page by page until nothing is left, and join the live channel right there."""
        channel = self._feed.channel(self._tenant)
        replaying = True
        while replaying:
            handed_out = channel.cursor
            messages = await self._feed.page(self._tenant, position)
            for message in messages:
                await self._send_one(message)
                position = message["seq"]
            if not messages:
                # Nothing up to `handed_out` is missing, even where old rows of the log were removed.
                position = max(position, handed_out)
                replaying = position < channel.cursor
        # No await stands between the last look at the cursor and this line: nothing falls between log and queue.
        subscriber = channel.join(position, self._queue_length)
        try:
            yield subscriber
        finally:
            channel.leave(subscriber)

    async def _send_one(self, message: Message) -> None:
        async with asyncio.timeout(self._patience.send):
            await self._socket.send_json(message)

    async def _receive(self) -> Close | None:
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return None
            if len(message.get("text") or message.get("bytes") or "") > LARGEST_CLIENT_MESSAGE:
                return Close.TOO_BIG

    async def _watch(self) -> Close:
        allowed = True
        while allowed:
            await asyncio.sleep(self._patience.recheck)
            allowed = await self._still_allowed()
        return Close.POLICY
