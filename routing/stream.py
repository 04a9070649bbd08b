"""A TCP connection read and written by blocking calls of one thread, each with an absolute deadline."""

import contextlib
import select
import socket
from struct import Struct
from time import monotonic
from typing import Final, Protocol

from routing.errors import ConnectionLost, TimedOut

_TIMEVAL: Final = Struct("ll")
_MICROSECONDS: Final = 1_000_000
_SHORTEST_WAIT: Final = 0.001
# From here on it pays to let the kernel gather the bytes.
_LARGE: Final = 8_192


class Stream(Protocol):
    """What an association needs of its transport; TLS is another implementation."""

    def read_exactly(self, view: memoryview, seconds: float) -> None:
        """Fill `view`, or raise TimedOut when that takes longer than `seconds` in all, or ConnectionLost."""

    def read_some(self, view: memoryview, minimum: int, seconds: float) -> int:
        """Read at least `minimum` bytes, and what else is there and fits `view`; raises as `read_exactly` does.

        Returns
        -------
        int
            How many bytes were read.
        """

    def write(self, data: bytes | memoryview, *, more: bool = False) -> None:
        """Send all of `data`; `more` says that the rest of a message follows at once."""

    def readable(self) -> bool:
        """Tell whether something (data or the end) can be read without waiting."""

    def stop_reading(self) -> None:
        """Make a read that waits in another thread end with ConnectionLost; writing stays possible."""

    def close(self) -> None:
        """Close the connection."""


class SocketStream:
    """A plain TCP connection.

    Reads are one system call for all the bytes that are wanted (MSG_WAITALL on a blocking socket): the kernel
    gathers a PDU while no Python runs, which is where an event loop would lose its time. SO_RCVTIMEO bounds the call
    as a whole, so that a peer that drips single bytes gains nothing.

    Parameters
    ----------
    connection
        A connected TCP socket; the stream owns it from now on.
    write_seconds
        How long a peer may leave our data unread.
    """

    def __init__(self, connection: socket.socket, *, write_seconds: float = 60.0) -> None:
        connection.settimeout(None)
        # Answers are small and alone in their packet; waiting for an ACK of the last one costs 40 ms each.
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _timeval(write_seconds))
        self._socket = connection
        self._read_seconds = 0.0
        self._poll = select.poll()
        self._poll.register(connection, select.POLLIN)

    def read_exactly(self, view: memoryview, seconds: float) -> None:
        """Fill `view`; see `Stream.read_exactly`."""
        deadline = monotonic() + seconds
        while view:
            view = view[self._receive(view, seconds, socket.MSG_WAITALL) :]
            seconds = deadline - monotonic()
            if view and seconds <= 0:
                raise TimedOut("the peer took too long to send a PDU")

    def read_some(self, view: memoryview, minimum: int, seconds: float) -> int:
        """Read at least `minimum` bytes; see `Stream.read_some`."""
        if minimum > _LARGE:
            # Not a byte more: only then does the kernel wait for all of them by itself.
            self.read_exactly(view[:minimum], seconds)
            return minimum
        deadline = monotonic() + seconds
        done = 0
        while True:
            done += self._receive(view[done:], seconds, 0)
            if done >= minimum:
                return done
            seconds = deadline - monotonic()
            if seconds <= 0:
                raise TimedOut("the peer took too long to send a PDU")

    def _receive(self, view: memoryview, seconds: float, flags: int) -> int:
        self._limit_reads(seconds)
        self._acknowledge()
        try:
            count = self._socket.recv_into(view, 0, flags)
        except BlockingIOError:
            raise TimedOut("the peer was silent for too long") from None
        except OSError as error:
            raise ConnectionLost(f"connection lost: {error.strerror or error}") from error
        if count == 0:
            raise ConnectionLost("the peer closed the connection")
        return count

    def _acknowledge(self) -> None:
        # Many peers write a message in two pieces under Nagle's algorithm, so that the second waits for our ACK of the
        # first; delayed by the kernel that costs 40 ms an object. The option does not last: it is set before each wait.
        try:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        except OSError:
            # The read that follows says what is wrong.
            return

    def _limit_reads(self, seconds: float) -> None:
        # Zero would mean "for ever" to the kernel.
        seconds = max(seconds, _SHORTEST_WAIT)
        if seconds != self._read_seconds:
            try:
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _timeval(seconds))
            except OSError as error:
                raise ConnectionLost("the connection is closed") from error
            self._read_seconds = seconds

    def write(self, data: bytes | memoryview, *, more: bool = False) -> None:
        """Send all of `data`; see `Stream.write`."""
        try:
            self._socket.sendall(data, socket.MSG_MORE if more else 0)
        except BlockingIOError:
            raise TimedOut("the peer does not read what is sent") from None
        except OSError as error:
            raise ConnectionLost(f"connection lost: {error.strerror or error}") from error

    def readable(self) -> bool:
        """Tell whether something can be read without waiting."""
        return bool(self._poll.poll(0))

    def stop_reading(self) -> None:
        """Wake the reading thread; see `Stream.stop_reading`."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RD)

    def close(self) -> None:
        """Close the connection so that what was sent still arrives, an A-ABORT or A-ASSOCIATE-RJ for example."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)
            self._drop_input()
        self._socket.close()

    def _drop_input(self) -> None:
        # Closing a socket with unread input sends RST, which makes the peer's kernel throw away our last words.
        scrap = bytearray(65536)
        for _ in range(64):
            if self._socket.recv_into(scrap, 0, socket.MSG_DONTWAIT) == 0:
                break


def _timeval(seconds: float) -> bytes:
    whole = int(seconds)
    return _TIMEVAL.pack(whole, int((seconds - whole) * _MICROSECONDS))
