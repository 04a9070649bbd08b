"""The connections of a test's own SCP, closed with it.

pynetdicom does not close a socket whose peer has reset the connection: it shuts it down first, which fails then, and
lets it go. Whichever test runs when it is collected would fail for it.
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pynetdicom import AE, evt


@contextmanager
def served(ae: AE, handlers: list[Any], *, port: int = 0) -> Iterator[int]:
    """Run an SCP on a port of this machine, any free one without `port`; gives the port."""
    accepted: list[socket.socket] = []

    def keep(event: evt.Event) -> None:
        transport: Any = event.assoc.dul.socket
        accepted.append(transport.socket)

    server: Any = ae.start_server(("127.0.0.1", port), block=False, evt_handlers=[*handlers, (evt.EVT_CONN_OPEN, keep)])
    try:
        yield server.socket.getsockname()[1]
    finally:
        server.shutdown()
        for connection in accepted:
            connection.close()
