"""The bus between machines: Redis pub/sub."""

import os
import select
import threading
import time
from contextlib import suppress
from typing import Any, Final

import redis
import structlog

from archive.topics import require_topics

_log = structlog.get_logger()

_PREFIX: Final = "isocenter:"
_CONNECT_SECONDS: Final = 1.0
_ANSWER_SECONDS: Final = 1.0
# After a failure nobody waits for Redis again for this long: wake-ups are lost meanwhile, and polling goes on.
_PAUSE_SECONDS: Final = 1.0


class RedisBus:
    """Wake-ups through a Redis server.

    Parameters
    ----------
    url
        `redis://…` or `rediss://…`.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._client = redis.Redis.from_url(
            url, socket_connect_timeout=_CONNECT_SECONDS, socket_timeout=_ANSWER_SECONDS
        )
        self._silent_until = 0.0

    def publish(self, topic: str) -> None:
        """Wake all who subscribed to `topic`."""
        require_topics((topic,))
        if time.monotonic() < self._silent_until:
            return
        try:
            self._client.publish(_PREFIX + topic, b"!")
        except redis.RedisError as error:
            self._silent_until = time.monotonic() + _PAUSE_SECONDS
            _log.warning("wake_up_lost", reason=type(error).__name__)

    def subscribe(self, *topics: str) -> "RedisSubscription":
        """Wait for `topics` from now on."""
        require_topics(topics)
        return RedisSubscription(self._url, [_PREFIX + topic for topic in topics])

    def close(self) -> None:
        """Close the connections for sending."""
        self._client.close()


class RedisSubscription:
    """A thread that reads from Redis, and reconnects, behind a file descriptor that stays the same."""

    def __init__(self, url: str, channels: list[str]) -> None:
        self._channels = channels
        # The stubs leave out some of what is used here.
        self._client: Any = redis.Redis.from_url(url, socket_connect_timeout=_CONNECT_SECONDS)
        self._event = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._ended = threading.Event()
        self._subscribed = threading.Event()
        self._thread = threading.Thread(target=self._read_for_ever, name="redis-subscription", daemon=True)
        self._thread.start()
        # Whoever publishes after this call shall be heard, where there is a server at all.
        self._subscribed.wait(_CONNECT_SECONDS)

    def wait(self, timeout: float) -> bool:
        """Wait for a wake-up, at most `timeout` seconds; tell whether one came."""
        poll = select.poll()
        poll.register(self._event, select.POLLIN)
        poll.poll(max(0.0, timeout) * 1000)
        return self.drain()

    def fileno(self) -> int:
        """Return a file descriptor that is readable when a wake-up is there."""
        return self._event

    def drain(self) -> bool:
        """Take all wake-ups that are there; tell whether there were any."""
        with suppress(BlockingIOError):
            return os.eventfd_read(self._event) > 0
        return False

    def close(self) -> None:
        """End the thread and close the connection."""
        self._ended.set()
        self._thread.join()
        self._client.close()
        os.close(self._event)

    def _read_for_ever(self) -> None:
        while not self._ended.is_set():
            try:
                self._read()
            except redis.RedisError as error:
                _log.warning("wake_ups_interrupted", reason=type(error).__name__)
                self._ended.wait(_PAUSE_SECONDS)

    def _read(self) -> None:
        with self._client.pubsub() as channel:
            channel.subscribe(*self._channels)
            while not self._ended.is_set():
                message: dict[str, Any] | None = channel.get_message(timeout=_PAUSE_SECONDS)
                if message is not None and self._counts(message):
                    os.eventfd_write(self._event, 1)
                    self._subscribed.set()

    def _counts(self, message: dict[str, Any]) -> bool:
        if message["type"] != "subscribe":
            return True
        # A complete subscription counts as a wake-up too: some may have been lost before it.
        return bool(message["data"] == len(self._channels))
