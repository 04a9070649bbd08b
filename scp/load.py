"""How many connections this listener process holds, and whether another one should take the next."""

import threading

from archive.stages import Level, Stages
from scp.ledger import Ledger


class Load:
    """The connections of this process, where the other processes see them.

    Half open is a connection without an association: accepted, and silent, in its TLS handshake, sending its request,
    or being refused. These are counted apart from associations, so that neither can use up the place of the other.

    Parameters
    ----------
    ledger
        What the processes share.
    half_open
        How many half-open connections there may be, over all processes.
    stages
        Where the numbers are counted for those who watch the node.
    """

    def __init__(self, ledger: Ledger, *, half_open: int, stages: Stages | None = None) -> None:
        self._ledger = ledger
        self._stages = stages or Stages()
        self._limit = half_open
        self._index = ledger.owner - 1
        self._guard = threading.Lock()
        self._accepting = False
        self._connections = 0
        self._half_open = 0

    def start(self) -> None:
        """Say that this process accepts connections."""
        self._accepting = True
        self._change(0, 0)

    def stop(self) -> None:
        """Say that it does not any more: nobody leaves connections to it."""
        self._accepting = False
        self._change(0, 0)

    def entered(self) -> None:
        """Count a connection that was accepted."""
        self._change(1, 1)

    def admitted(self) -> None:
        """Count a connection as an association from now on."""
        self._change(0, -1)

    def left(self, *, half_open: bool) -> None:
        """Count a connection no more; `half_open` when it never became an association."""
        self._change(-1, -1 if half_open else 0)

    def is_full(self) -> bool:
        """Tell whether there are as many half-open connections as there may be.

        Processes that accept at the very same moment may each take one, so that there is one more.
        """
        if not self._is_full():
            return False
        # Perhaps some are those of processes that are no more.
        with self._ledger.locked():
            self._ledger.forget_dead()
        return self._is_full()

    def excess(self) -> int:
        """Tell how many connections more this process holds than the one, of those that accept, that holds fewest."""
        # A word is one more than the count: 0 is a process that does not accept.
        words = [word for word in self._ledger.connections.tolist() if word]
        return self._connections + 1 - min(words, default=self._connections + 1)

    def places_for_one_address(self) -> int:
        """Tell how many half-open connections of this process one address may have: half of all, shared evenly."""
        processes = sum(1 for word in self._ledger.connections.tolist() if word)
        return max(self._limit // 2 // max(processes, 1), 1)

    def _is_full(self) -> bool:
        return sum(self._ledger.half_open.tolist()) >= self._limit

    def _change(self, connections: int, half_open: int) -> None:
        with self._guard:
            self._connections += connections
            self._half_open += half_open
            self._ledger.connections[self._index] = self._connections + 1 if self._accepting else 0
            self._ledger.half_open[self._index] = self._half_open
            self._stages.level(Level.CONNECTIONS, self._connections)
            self._stages.level(Level.HALF_OPEN, self._half_open)
