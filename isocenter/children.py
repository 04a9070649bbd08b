"""A child process of the supervisor: forked, watched, forked again with a growing pause.

A fork shares what the supervisor has loaded: a new program would load all of it again, a second of work for each.
"""

import multiprocessing
import os
import select
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from multiprocessing.context import ForkProcess
from pathlib import Path

import structlog

FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 30.0
# A child that ran this long starts afresh: its next death is a new misfortune, not the same one again.
STEADY_SECONDS = 30.0
SUPERVISOR_VARIABLE = "ISOCENTER_SUPERVISOR"
READY_VARIABLE = "ISOCENTER_READY_FD"

_HANDLED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)
_processes = multiprocessing.get_context("fork")
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildPlan:
    """How to start a child.

    Parameters
    ----------
    name
        For logs and lists of processes: the role, with a number where there are several.
    run
        What it does; the process ends with it.
    sockets
        Environment variable to file descriptor of the listening sockets it inherits.
    environment
        Other variables.
    """

    name: str
    run: Callable[[], object]
    sockets: Mapping[str, int] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)


class Child:
    """One supervised process.

    Parameters
    ----------
    plan
        How to start it.
    clock
        Monotonic seconds.
    """

    def __init__(self, plan: ChildPlan, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.plan = plan
        self.ready = False
        self.ready_pipe: int | None = None
        self.restart_at: float | None = None
        self._clock = clock
        self._process: ForkProcess | None = None
        self._started = 0.0
        self._pause = FIRST_PAUSE_SECONDS

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start the process; it reports through a pipe when it serves."""
        read_end, write_end = os.pipe()
        environment = {
            **self.plan.environment,
            **{variable: str(number) for variable, number in self.plan.sockets.items()},
            SUPERVISOR_VARIABLE: str(os.getpid()),
            READY_VARIABLE: str(write_end),
        }
        self._process = _processes.Process(target=_be, args=(self.plan, environment), name=self.plan.name)
        # A signal that comes before the child has handlers of its own would be taken for the supervisor's, and lost.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, _HANDLED)
        try:
            self._process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            os.close(write_end)
        os.set_blocking(read_end, False)
        self.ready_pipe, self.ready, self.restart_at = read_end, False, None
        self._started = self._clock()

    def read_ready(self) -> None:
        """Note that the child said it serves; call when its pipe is readable."""
        if self.ready_pipe is None:
            return
        try:
            self.ready = bool(os.read(self.ready_pipe, 16)) or self.ready
        except BlockingIOError:
            return
        self._close_pipe()

    def reap(self) -> int | None:
        """Collect the child if it ended, and plan its next start; returns its exit code then."""
        code = self._process.exitcode if self._process else None
        if code is None:
            return None
        lived = self._clock() - self._started
        self._pause = FIRST_PAUSE_SECONDS if lived >= STEADY_SECONDS else self._pause
        self.restart_at = self._clock() + self._pause
        _log.warning("child_ended", child=self.plan.name, code=code, pause_seconds=self._pause)
        self._pause = min(self._pause * 2, LONGEST_PAUSE_SECONDS)
        self._process, self.ready = None, False
        self._close_pipe()
        return code

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, if the child runs."""
        if self._process and self._process.pid and self._process.exitcode is None:
            os.kill(self._process.pid, number)

    def wait(self, deadline: float) -> bool:
        """Wait for the end until `deadline` (monotonic); tells whether it ended."""
        if self._process is None:
            return True
        if self._process.exitcode is None:
            _wait_for_end(self._process, max(deadline - self._clock(), 0.01))
        if self._process.exitcode is None:
            return False
        self._process = None
        self._close_pipe()
        return True

    def _close_pipe(self) -> None:
        if self.ready_pipe is not None:
            os.close(self.ready_pipe)
            self.ready_pipe = None


def _wait_for_end(process: ForkProcess, seconds: float) -> None:
    # The module's own `join` waits for a pipe to close, which the child's children may hold open.
    descriptor = os.pidfd_open(process.pid or 0)
    try:
        select.select([descriptor], [], [], seconds)
    finally:
        os.close(descriptor)


def _be(plan: ChildPlan, environment: Mapping[str, str]) -> None:
    """Be the child: with nothing of the supervisor's but what it has loaded."""
    signal.set_wakeup_fd(-1)
    for number in _HANDLED:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _HANDLED)
    # Standard output belongs to the supervisor: scripts read its `ready` line.
    os.dup2(2, 1)
    Path("/proc/self/comm").write_text(plan.name)
    os.environ.update(environment)
    plan.run()
