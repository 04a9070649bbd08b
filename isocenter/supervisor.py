"""The parent of all roles: starts them, says when all serve, starts the dead again, ends them together."""

import selectors
import signal
import socket
import time
from collections.abc import Callable, Sequence
from types import FrameType

import structlog

from isocenter.children import Child
from isocenter.failures import EXIT_CONFIGURATION, CannotStart

START_SECONDS = 60.0
DRAIN_SECONDS = 20.0
_SAME_SIGNAL_SECONDS = 1.0

_log = structlog.get_logger()


class Supervisor:
    """Runs children until a signal ends it.

    It has one thread, so that forking is safe and the kernel's parent-death signal is bound to a thread that lives
    as long as the process.

    Parameters
    ----------
    children
        What to run.
    on_ready
        Called once, when every child has said that it serves.
    on_stop
        Called once, before the children are told to end.
    drain_seconds
        How long children may finish what they do after a signal.
    start_seconds
        How long the first start may take.
    """

    def __init__(
        self,
        children: Sequence[Child],
        *,
        on_ready: Callable[[], None],
        on_stop: Callable[[], None] = lambda: None,
        drain_seconds: float = DRAIN_SECONDS,
        start_seconds: float = START_SECONDS,
    ) -> None:
        self._children = children
        self._on_ready = on_ready
        self._on_stop = on_stop
        self._drain_seconds = drain_seconds
        self._start_seconds = start_seconds
        self._announced = False
        self._stopped_at: float | None = None
        self._hurry = False
        self._wake, self._woken = socket.socketpair()

    def run(self) -> int:
        """Start all children and supervise them; returns the exit code."""
        self._wake.settimeout(0)
        self._woken.settimeout(0)
        previous_wakeup = signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)
        previous = {
            number: signal.signal(number, handler)
            for number, handler in (
                (signal.SIGTERM, self._stop),
                (signal.SIGINT, self._stop),
                # The terminal was closed.
                (signal.SIGHUP, self._stop),
                (signal.SIGCHLD, lambda *_: None),
            )
            # Who started the node with `nohup` wants it to outlive the terminal.
            if not (number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN)
        }
        try:
            self._supervise()
        finally:
            self._end_all()
            signal.set_wakeup_fd(previous_wakeup)
            for number, handler in previous.items():
                signal.signal(number, handler)
        return 0

    def _supervise(self) -> None:
        deadline = time.monotonic() + self._start_seconds
        for child in self._children:
            child.start()
        while self._stopped_at is None:
            self._wait(None if self._announced else deadline)
            for child in self._children:
                self._look_after(child)
            if not self._announced and all(child.ready for child in self._children):
                self._announced = True
                self._on_ready()
            if not self._announced and time.monotonic() > deadline:
                late = ", ".join(child.plan.name for child in self._children if not child.ready)
                raise CannotStart(f"did not start within {self._start_seconds:.0f} s: {late}")

    def _look_after(self, child: Child) -> None:
        child.read_ready()
        code = child.reap()
        if code == EXIT_CONFIGURATION and not self._announced:
            raise CannotStart(f"the {child.plan.name} process cannot start (see its message above)")
        if child.restart_at is not None and time.monotonic() >= child.restart_at and self._stopped_at is None:
            child.start()
            _log.info("child_started", child=child.plan.name, pid=child.pid)

    def _wait(self, deadline: float | None) -> None:
        """Sleep until a signal, a child's word, or the next time something is due."""
        due = [child.restart_at for child in self._children if child.restart_at is not None]
        if deadline is not None:
            due.append(deadline)
        pause = max(min(due) - time.monotonic(), 0) if due else None
        with selectors.DefaultSelector() as selector:
            selector.register(self._woken, selectors.EVENT_READ)
            for child in self._children:
                if child.ready_pipe is not None:
                    selector.register(child.ready_pipe, selectors.EVENT_READ)
            selector.select(pause)
        self._drain_wakeups()

    def _drain_wakeups(self) -> None:
        try:
            while self._woken.recv(4096):
                pass
        except BlockingIOError:
            return

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        if self._stopped_at is None:
            self._stopped_at = now
        # Some send the signal to the process and then to its group: that is one wish, not impatience.
        self._hurry = now - self._stopped_at > _SAME_SIGNAL_SECONDS

    def _end_all(self) -> None:
        """Ask all children to finish; kill those that do not within the drain time, or at a second signal."""
        self._on_stop()
        for child in self._children:
            child.signal(signal.SIGTERM)
        deadline = time.monotonic() + self._drain_seconds
        for child in self._children:
            while not child.wait(min(deadline, time.monotonic() + 0.2)):
                if self._hurry or time.monotonic() >= deadline:
                    _log.warning("child_killed", child=child.plan.name)
                    child.signal(signal.SIGKILL)
                    child.wait(time.monotonic() + self._drain_seconds)
                    break
        self._wake.close()
        self._woken.close()
