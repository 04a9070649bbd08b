"""The accept loop: waits for connections and for their first bytes, and then gives each to a thread of its own."""

import contextlib
import os
import select
import signal
import threading
from collections.abc import Sequence
from time import monotonic
from typing import Final

import structlog

from routing.stream import Stream
from scp.arrival import Arrival
from scp.association import Acceptor
from scp.doors import Door, Doors
from scp.load import Load
from scp.seldom import Seldom
from scp.silent import Silent, SilentConnections
from scp.stopping import Stopping

_log = structlog.get_logger()
_OUT_OF_DESCRIPTORS_SECONDS: Final = 0.1
_SHUT: Final = select.EPOLLHUP | select.EPOLLERR


class Listener:
    """Accepts at doors that other processes may share.

    Parameters
    ----------
    doors
        Where connections come in.
    acceptor
        Serves what comes.
    load
        Counts connections over all processes.
    """

    def __init__(self, doors: Sequence[Door], acceptor: Acceptor, load: Load) -> None:
        self._acceptor = acceptor
        self._load = load
        self._poll = select.epoll()
        self._ports = [door.port for door in doors]
        self._doors = Doors(doors, self._poll, load)
        self._silent = SilentConnections(self._poll, acceptor.artim_seconds)
        self._stopped = False
        self._woken, self._wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._poll.register(self._woken, select.EPOLLIN)
        self._open: dict[threading.Thread, Stopping] = {}
        self._guard = threading.Lock()
        self._dropped = Seldom("connection_dropped")
        self._failed = Seldom("accept_failed")

    @property
    def port(self) -> int:
        """The port of the first door."""
        return self._ports[0]

    @property
    def ports(self) -> list[int]:
        """The ports of all doors."""
        return self._ports

    def serve(self) -> None:
        """Accept connections until `stop`."""
        self._load.start()
        while self._turn():
            for silent in self._silent.take_expired():
                self._drop(silent, "silent for too long")
        self._load.stop()
        self._doors.close()
        while (oldest := self._silent.take_oldest()) is not None:
            self._drop(oldest, "the node is stopping")

    def stop_at(self, *numbers: signal.Signals) -> None:
        """Stop at these signals; call in the main thread, which is the one that serves.

        A handler runs when this thread comes back from waiting. A signal just before it begins to wait, or one that
        another thread gets, must end that.
        """
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        for number in numbers:
            signal.signal(number, lambda *_: self.stop())

    def stop(self) -> None:
        """End `serve`; may be called from a signal handler."""
        self._stopped = True
        # Full, it wakes too.
        with contextlib.suppress(BlockingIOError):
            os.write(self._wake, b"\0")

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

    def _turn(self) -> bool:
        """Wait for something and deal with it; gives False at the end."""
        pauses = [pause for pause in (self._doors.look(), self._silent.seconds_left()) if pause is not None]
        for number, events in self._poll.poll(min(pauses) if pauses else None):
            if number == self._woken:
                os.read(self._woken, 4096)
                continue
            door = self._doors.at(number)
            if door is None:
                self._begin(self._silent.take(number))
            elif events & _SHUT:
                self._doors.remove(number)
            elif not self._doors.leaves_to_others():
                self._accept(door)
        return not self._stopped

    def _accept(self, door: Door) -> None:
        try:
            connection, address = door.listening.accept()
        except (BlockingIOError, ConnectionError):
            return
        except OSError as error:
            self._failed.warn(reason=error.strerror)
            # Out of file descriptors: one that only waits makes place; else this one waits until something ends.
            if not self._drop_oldest("out of file descriptors"):
                select.select([self._woken], [], [], _OUT_OF_DESCRIPTORS_SECONDS)
            return
        # Who has been silent longest is the one least likely to have anything to say; if all talk, it is the new one.
        if self._load.is_full() and not self._drop_oldest("too many half-open connections"):
            self._dropped.warn(reason="too many half-open connections", address=_plain(address[0]))
            connection.close()
            return
        self._load.entered()
        self._silent.add(connection, _plain(address[0]), door)

    def _drop_oldest(self, reason: str) -> bool:
        oldest = self._silent.take_oldest()
        if oldest is not None:
            self._dropped.warn(reason=reason, address=oldest.address)
            self._close(oldest)
        return oldest is not None

    def _drop(self, silent: Silent, reason: str) -> None:
        _log.info("connection_lost", address=silent.address, reason=reason)
        self._close(silent)

    def _close(self, silent: Silent) -> None:
        silent.connection.close()
        self._load.left(half_open=True)

    def _begin(self, silent: Silent | None) -> None:
        """Give a connection to a thread."""
        if silent is None:
            # Dropped since the poll returned.
            return
        try:
            stream = silent.door.stream(silent.connection)
        except OSError as error:
            self._drop(silent, error.strerror or str(error))
            return
        visit = _Visit(self._load)
        arrival = Arrival(
            stream=stream,
            address=silent.address,
            artim_seconds=max(silent.deadline - monotonic(), 0.0),
            stopping=Stopping(stream),
            admitted=visit.admitted,
        )
        thread = threading.Thread(target=self._run, args=(arrival, visit), name="association", daemon=True)
        with self._guard:
            self._open[thread] = arrival.stopping
        try:
            thread.start()
        except RuntimeError:
            self._dropped.warn(reason="out of threads", address=silent.address)
            self._end(stream, visit, thread)

    def _run(self, arrival: Arrival, visit: "_Visit") -> None:
        try:
            self._acceptor.run(arrival)
        except Exception:  # noqa: BLE001  the edge of this thread: one association ends, the node stays
            _log.exception("association_failed", address=arrival.address)
        finally:
            self._end(arrival.stream, visit, threading.current_thread())

    def _end(self, stream: Stream, visit: "_Visit", thread: threading.Thread) -> None:
        with contextlib.suppress(OSError):
            stream.close()
        visit.ended()
        with self._guard:
            self._open.pop(thread, None)


class _Visit:
    """Counts one connection, from the thread that serves it."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._half_open = True

    def admitted(self) -> None:
        self._half_open = False
        self._load.admitted()

    def ended(self) -> None:
        self._load.left(half_open=self._half_open)


def _plain(address: str) -> str:
    """Write an IPv4 address that came through an IPv6 socket as IPv4, as the rules have it."""
    return address.removeprefix("::ffff:")
