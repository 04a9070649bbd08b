"""How a node that is stopping ends an association without cutting an operation in two."""

import threading

from routing.association import Association, Message
from routing.errors import ConnectionLost
from routing.stream import Stream


class Stopping:
    """Tells one association's thread to come to an end: at once when it waits for a request, else after this one."""

    def __init__(self, stream: Stream) -> None:
        self.requested = False
        self._stream = stream
        self._waiting = False
        self._guard = threading.Lock()

    def request(self) -> None:
        """Ask for the end; from any thread."""
        with self._guard:
            self.requested = True
            if self._waiting:
                self._stream.stop_reading()

    def force(self) -> None:
        """End the connection in the middle of what it does; from any thread."""
        with self._guard:
            self.requested = True
            self._stream.stop_reading()

    def wait_for(self, association: Association) -> Message | None:
        """Receive the next message; raises ConnectionLost when the end was asked for."""
        with self._guard:
            if self.requested:
                # A request may be here already: it would be the next operation, not this one.
                raise ConnectionLost("the node is stopping")
            self._waiting = True
        message = association.receive()
        with self._guard:
            self._waiting = False
        return message
