"""One tenant's live messages: what the log's reader puts in, and what each socket takes out."""

import asyncio
from collections.abc import Sequence
from typing import Any

Message = dict[str, Any]


class FellBehindError(Exception):
    """The reader is slower than the feed."""


class Subscriber:
    """The queue of one socket.

    Parameters
    ----------
    after
        Highest `seq` the socket has; nothing up to it is queued again.
    capacity
        Messages kept for a reader that does not take them.
    """

    def __init__(self, after: int, capacity: int) -> None:
        self._after = after
        self._queue: asyncio.Queue[Message] = asyncio.Queue(capacity)
        self._overflowed = False

    def offer(self, message: Message) -> None:
        """Queue `message`; a full queue ends the subscription instead of losing one in the middle."""
        if message["seq"] <= self._after or self._overflowed:
            return
        try:
            self._queue.put_nowait(message)
        except asyncio.QueueFull:
            self._overflowed = True
        else:
            self._after = message["seq"]

    async def next(self) -> Message:
        """Wait for the next message.

        Raises
        ------
        FellBehindError
            When messages had to be left out.
        """
        if self._overflowed:
            raise FellBehindError
        return await self._queue.get()


class Channel:
    """The sockets of one tenant, and how far the log has been read for them.

    Parameters
    ----------
    cursor
        `seq` up to which messages were handed out.
    """

    def __init__(self, cursor: int) -> None:
        self.cursor = cursor
        self._subscribers: set[Subscriber] = set()

    @property
    def clients(self) -> int:
        """How many sockets listen."""
        return len(self._subscribers)

    def publish(self, messages: Sequence[Message]) -> None:
        """Hand messages, in the order of their `seq`, to every socket."""
        for message in messages:
            for subscriber in self._subscribers:
                subscriber.offer(message)
            self.cursor = max(self.cursor, message["seq"])

    def join(self, after: int, capacity: int) -> Subscriber:
        """Add a socket that has read the log up to `after`.

        Raises
        ------
        ValueError
            When `after` is behind what the channel handed out already: the messages between would be lost.
        """
        if not self._subscribers:
            # The log is not read while nobody listens; the first socket says from where on.
            self.cursor = after
        if after < self.cursor:
            raise ValueError("messages between the reader's position and the channel's are lost")
        subscriber = Subscriber(after, capacity)
        self._subscribers.add(subscriber)
        return subscriber

    def leave(self, subscriber: Subscriber) -> None:
        """Remove a socket."""
        self._subscribers.discard(subscriber)
