"""Listening sockets: bound before anything else, and handed down to the processes that accept on them."""

import os
import socket
from contextlib import suppress

from config.sections import DicomSettings, WebSettings
from isocenter.failures import CannotStart

BACKLOG = 512
# Environment variables by which the supervisor hands down listening sockets, and says where the listener is.
LISTEN_VARIABLE = "ISOCENTER_LISTEN_FD"
TLS_LISTEN_VARIABLE = "ISOCENTER_TLS_LISTEN_FD"
WEB_VARIABLE = "ISOCENTER_WEB_FD"
LISTENER_VARIABLE = "ISOCENTER_LISTENER"


def bind(host: str, port: int, *, purpose: str, key: str) -> socket.socket:
    """Bind and listen, so that a port taken by another program is found before anything is changed.

    Parameters
    ----------
    host, port
        The address; port 0 takes a free one.
    purpose, key
        What it is for and which setting names it, for the message.

    Raises
    ------
    CannotStart
        When the address is taken, not ours, or not allowed.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise CannotStart(f"{key.split('.', maxsplit=1)[0]}.host: {host!r} is no address of this machine") from error
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        reason = (error.strerror or str(error)).lower()
        raise CannotStart(f"{key}: cannot listen on {host}:{port} for {purpose}: {reason}") from error
    return listener


def bind_dicom(dicom: DicomSettings) -> socket.socket:
    """Bind the DICOM port; see `bind`."""
    return bind(dicom.host, dicom.port, purpose="DICOM", key="dicom.port")


def bind_dicom_tls(dicom: DicomSettings) -> socket.socket:
    """Bind the port for DICOM over TLS; see `bind`."""
    return bind(dicom.host, dicom.tls.port or 0, purpose="DICOM over TLS", key="dicom.tls.port")


def bind_web(web: WebSettings) -> socket.socket:
    """Bind the HTTP port; see `bind`."""
    return bind(web.host, web.port, purpose="HTTP", key="web.port")


def shut(listener: socket.socket) -> None:
    """Refuse connections from now on, for all processes that hold this socket; those that wait are reset."""
    with suppress(OSError):
        listener.shutdown(socket.SHUT_RDWR)


def inherited(variable: str) -> socket.socket | None:
    """Take over the listening socket that the supervisor passed, if it passed one."""
    number = os.environ.get(variable)
    if number is None:
        return None
    try:
        return socket.socket(fileno=int(number))
    except (ValueError, OSError) as error:
        raise CannotStart(f"{variable}: {number!r} is no socket of this process") from error


def port_of(listener: socket.socket) -> int:
    """Tell the port a socket is bound to."""
    return int(listener.getsockname()[1])


def reachable(host: str) -> str:
    """Return the address at which a listener on `host` can be asked on this machine."""
    address = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104 - compared, not bound
    return f"[{address}]" if ":" in address else address
