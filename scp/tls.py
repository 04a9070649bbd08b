"""The TLS port: what its connections are wrapped in."""

import socket
from collections.abc import Callable

from config.sections import TlsSettings
from routing.stream import Stream
from routing.tls import accept_tls
from routing.tls_contexts import acceptor_context
from routing.tls_files import CurrentContext


def secured(tls: TlsSettings) -> Callable[[socket.socket], Stream]:
    """Make what a door wraps its connections in; certificates that are replaced count from the next connection on.

    Raises
    ------
    TlsUnusable
        The certificates cannot be used.
    """
    current = CurrentContext(acceptor_context, tls)
    current.get()
    return lambda connection: accept_tls(connection, current.get())
