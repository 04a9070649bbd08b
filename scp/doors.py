"""The listening sockets of this process, shared with other processes, and whose turn it is to accept."""

import select
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Final

from routing.stream import SocketStream, Stream
from scp.load import Load

_BACKLOG: Final = 512
# How long a connection is left to a process that holds fewer, for each that it holds less. On an idle machine the other
# takes it within a fraction of a millisecond; it may have to wait for a core, or be stuck.
_PATIENCE_SECONDS: Final = 0.005
_LONGEST_PATIENCE_SECONDS: Final = 0.025
_LOOK_SECONDS: Final = 0.001


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """One way in.

    Parameters
    ----------
    listening
        A listening TCP socket.
    stream
        Makes what an association reads and writes of a connection that came in there; must not wait for the peer.
    """

    listening: socket.socket
    stream: Callable[[socket.socket], Stream] = SocketStream

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return int(self.listening.getsockname()[1])


def bind(host: str, port: int) -> socket.socket:
    """Open a listening socket; port 0 takes any free one.

    Raises
    ------
    OSError
        When the port is taken or the address is not of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=_BACKLOG)


class Doors:
    """The doors of one process, watched by its poll.

    All processes see a connection that waits. Whoever wakes first would take it, and a burst would go to one process
    alone; so one that holds more connections than another looks away for a moment.

    Parameters
    ----------
    doors
        The ways in.
    poll
        Where they are watched.
    load
        Who holds how many.
    """

    def __init__(self, doors: Sequence[Door], poll: select.epoll, load: Load) -> None:
        self._doors = {door.listening.fileno(): door for door in doors}
        self._poll = poll
        self._load = load
        self._away_until = 0.0
        self._is_away = False
        self._waited = False
        for number, door in self._doors.items():
            # Another process may take the connection between poll and accept.
            door.listening.setblocking(False)  # noqa: FBT003  the standard library's signature
            poll.register(number, select.EPOLLIN)

    def at(self, number: int) -> Door | None:
        """Give the door of a file descriptor."""
        return self._doors.get(number)

    def leaves_to_others(self) -> bool:
        """Tell whether the connection at a door is for another process to take; if so, look away for a moment."""
        excess = self._load.excess()
        if self._waited or excess <= 0:
            return False
        self._is_away = True
        self._away_until = monotonic() + min(excess * _PATIENCE_SECONDS, _LONGEST_PATIENCE_SECONDS)
        self._watch(0)
        return True

    def look(self) -> float | None:
        """Turn back to the doors when it is time; gives the seconds after which to look again, if any."""
        self._waited = False
        if not self._is_away:
            return None
        if monotonic() < self._away_until and self._load.excess() > 0:
            return _LOOK_SECONDS
        # What still waits now has waited long enough; what comes later is a matter of its own.
        self._is_away, self._waited = False, True
        self._watch(select.EPOLLIN)
        return 0.0

    def remove(self, number: int) -> None:
        """Give up a door that somebody else has shut: the supervisor when the node stops."""
        self._poll.unregister(number)
        self._doors.pop(number).listening.close()

    def close(self) -> None:
        """Accept no more."""
        for number in list(self._doors):
            self.remove(number)

    def _watch(self, events: int) -> None:
        for number in self._doors:
            self._poll.modify(number, events)
