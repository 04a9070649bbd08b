"""Connections that have not said anything yet: they cost a file descriptor and nothing else."""

import select
import socket
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from time import monotonic

from scp.doors import Door


@dataclass(frozen=True, slots=True, kw_only=True)
class Silent:
    """A connection whose peer has yet to begin.

    Parameters
    ----------
    connection
        The socket.
    address
        The peer's, without port.
    door
        Where it came in.
    deadline
        When ARTIM ends it (monotonic).
    """

    connection: socket.socket
    address: str
    door: Door
    deadline: float


class SilentConnections:
    """Waits, in the poll of the listener, for the first byte of each connection, within ARTIM (PS3.8 Section 9.1.5).

    Parameters
    ----------
    poll
        Where they are watched.
    artim_seconds
        How long each may be silent.
    """

    def __init__(self, poll: select.epoll, artim_seconds: float) -> None:
        self._poll = poll
        self._seconds = artim_seconds
        # All wait equally long: the order of arrival is that of the deadlines.
        self._waiting: dict[int, Silent] = {}
        self._by_address: defaultdict[str, dict[int, Silent]] = defaultdict(dict)

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, connection: socket.socket, address: str, door: Door) -> None:
        """Wait for the first byte of a connection."""
        number = connection.fileno()
        deadline = monotonic() + self._seconds
        silent = Silent(connection=connection, address=address, door=door, deadline=deadline)
        self._waiting[number] = self._by_address[address][number] = silent
        self._poll.register(number, select.EPOLLIN)

    def take(self, number: int) -> Silent | None:
        """Take out one that has said something, or closed; none when it was taken out before."""
        silent = self._waiting.pop(number, None)
        if silent is not None:
            self._poll.unregister(number)
            of_address = self._by_address[silent.address]
            del of_address[number]
            if not of_address:
                del self._by_address[silent.address]
        return silent

    def take_oldest(self) -> Silent | None:
        """Take out the one that has been silent longest, of the address that has most of them.

        So whoever opens many closes its own, and nobody else's.
        """
        most = max(self._by_address.values(), key=len, default={})
        oldest = next(iter(most), None)
        return None if oldest is None else self.take(oldest)

    def take_expired(self) -> Iterator[Silent]:
        """Take out those whose time is up."""
        now = monotonic()
        while (oldest := next(iter(self._waiting.values()), None)) is not None and oldest.deadline <= now:
            self.take(oldest.connection.fileno())
            yield oldest

    def seconds_left(self) -> float | None:
        """Tell when the next one's time is up."""
        oldest = next(iter(self._waiting.values()), None)
        return None if oldest is None else max(oldest.deadline - monotonic(), 0.0)
