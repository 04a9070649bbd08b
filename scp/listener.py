"""The listening socket: accepts connections and gives each to a thread at once."""

import contextlib
import os
import select
import socket
import threading
from time import monotonic
from typing import Final

import structlog

from routing.stream import SocketStream
from scp.association import Acceptor
from scp.stopping import Stopping

_log = structlog.get_logger()
_BACKLOG: Final = 512
# Connections beyond this many without an association are dropped: each costs a thread until ARTIM ends it.
_MAX_CONNECTIONS: Final = 1024
_OUT_OF_DESCRIPTORS_SECONDS: Final = 0.1


def bind(host: str, port: int) -> socket.socket:
    """Open a listening socket; port 0 takes any free one.

    Raises
    ------
    OSError
        When the port is taken or the address is not of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=_BACKLOG)


class Listener:
    """Accepts on a socket that other processes may share.

    Parameters
    ----------
    listening
        A listening TCP socket.
    acceptor
        Serves what comes.
    """

    def __init__(self, listening: socket.socket, acceptor: Acceptor) -> None:
        # Another process may take the connection between poll and accept.
        listening.setblocking(False)  # noqa: FBT003  the standard library's signature
        self._listening = listening
        self._acceptor = acceptor
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._open: dict[threading.Thread, Stopping] = {}
        self._guard = threading.Lock()

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return int(self._listening.getsockname()[1])

    def serve(self) -> None:
        """Accept connections until `stop`."""
        poll = select.poll()
        poll.register(self._listening, select.POLLIN)
        poll.register(self._wake, select.POLLIN)
        while not any(ready == self._wake for ready, _ in poll.poll()):
            self._accept()
        self._listening.close()

    def stop(self) -> None:
        """End `serve`; may be called from a signal handler."""
        os.eventfd_write(self._wake, 1)

    def drain(self, seconds: float) -> bool:
        """End the associations: idle ones now, busy ones after their operation, all of them after `seconds`.

        Returns
        -------
        bool
            Whether all threads have ended.
        """
        for stopping in self._stoppings():
            stopping.request()
        self._join(seconds)
        for stopping in self._stoppings():
            stopping.force()
        self._join(1.0)
        return not self._open

    def _stoppings(self) -> list[Stopping]:
        with self._guard:
            return list(self._open.values())

    def _join(self, seconds: float) -> None:
        deadline = monotonic() + seconds
        with self._guard:
            threads = list(self._open)
        for thread in threads:
            thread.join(max(deadline - monotonic(), 0.0))

    def _accept(self) -> None:
        try:
            connection, address = self._listening.accept()
        except (BlockingIOError, ConnectionError):
            return
        except OSError as error:
            # Out of file descriptors: the connection stays in the backlog until some association ends.
            _log.error("accept_failed", reason=error.strerror)
            select.select([self._wake], [], [], _OUT_OF_DESCRIPTORS_SECONDS)
            return
        if len(self._open) >= _MAX_CONNECTIONS:
            _log.warning("connection_dropped", open=len(self._open))
            connection.close()
            return
        stream = SocketStream(connection)
        stopping = Stopping(stream)
        thread = threading.Thread(
            target=self._run, args=(stream, _plain(address[0]), stopping), name="association", daemon=True
        )
        with self._guard:
            self._open[thread] = stopping
        thread.start()

    def _run(self, stream: SocketStream, address: str, stopping: Stopping) -> None:
        try:
            self._acceptor.run(stream, address, stopping)
        except Exception:  # noqa: BLE001  the edge of this thread: one association ends, the node stays
            _log.exception("association_failed", address=address)
        finally:
            with contextlib.suppress(OSError):
                stream.close()
            with self._guard:
                self._open.pop(threading.current_thread(), None)


def _plain(address: str) -> str:
    """Write an IPv4 address that came through an IPv6 socket as IPv4, as the rules have it."""
    return address.removeprefix("::ffff:")
