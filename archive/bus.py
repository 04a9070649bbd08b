"""Wake-ups between processes. A message says "look" and nothing else: the truth is in the database.

A message may be lost or come twice; whoever waits also looks now and then without one.
"""

from pathlib import Path
from typing import Protocol

from archive.local_bus import LocalBus, bus_directory
from archive.topics import TOPICS

__all__ = ["TOPICS", "Bus", "LocalBus", "Subscription", "bus_directory", "open_bus"]


class Subscription(Protocol):
    """The receiving end."""

    def wait(self, timeout: float) -> bool:
        """Wait for a wake-up, at most `timeout` seconds; tell whether one came. Those that came meanwhile are one."""

    def fileno(self) -> int:
        """Return a file descriptor that is readable when a wake-up is there, for event loops; then call `drain`."""

    def drain(self) -> bool:
        """Take all wake-ups that are there, without waiting; tell whether there were any."""

    def close(self) -> None:
        """End the subscription."""


class Bus(Protocol):
    """The sending end, safe to share between threads."""

    def publish(self, topic: str) -> None:
        """Wake all who subscribed to `topic`. Never waits, never fails: polling makes up for what is lost."""

    def subscribe(self, *topics: str) -> Subscription:
        """Wait for `topics` from now on."""

    def close(self) -> None:
        """Give up what the bus holds."""


def open_bus(url: str | None, data_dir: Path) -> Bus:
    """Return the bus of a node: Redis where `events.url` says so, else sockets of this machine.

    Parameters
    ----------
    url
        `events.url`.
    data_dir
        By which the processes of one node find each other.
    """
    if url is None:
        return LocalBus(bus_directory(data_dir))
    # Only nodes that are spread over machines pay for loading the client.
    from archive.redis_bus import RedisBus  # noqa: PLC0415

    return RedisBus(url)
