"""A child process of the supervisor: started, watched, started again with a growing pause."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog

FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 30.0
# A child that ran this long starts afresh: its next death is a new misfortune, not the same one again.
STEADY_SECONDS = 30.0
SUPERVISOR_VARIABLE = "ISOCENTER_SUPERVISOR"
READY_VARIABLE = "ISOCENTER_READY_FD"

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildPlan:
    """How to start a child.

    Parameters
    ----------
    name
        For logs: the role, with a number where there are several.
    command
        Program and arguments.
    sockets
        Environment variable to file descriptor of the listening sockets it inherits.
    environment
        Other variables.
    """

    name: str
    command: Sequence[str]
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
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._pause = FIRST_PAUSE_SECONDS

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start the process; it reports through a pipe when it serves."""
        read_end, write_end = os.pipe()
        passed = [write_end, *self.plan.sockets.values()]
        environment = {
            **os.environ,
            **self.plan.environment,
            **{variable: str(number) for variable, number in self.plan.sockets.items()},
            SUPERVISOR_VARIABLE: str(os.getpid()),
            READY_VARIABLE: str(write_end),
        }
        try:
            # Standard output belongs to the supervisor: scripts read its `ready` line.
            self._process = subprocess.Popen(
                self.plan.command,
                pass_fds=passed,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=sys.stderr.fileno(),
            )
        finally:
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
        code = self._process.poll() if self._process else None
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
        if self._process:
            self._process.send_signal(number)

    def wait(self, deadline: float) -> bool:
        """Wait for the end until `deadline` (monotonic); tells whether it ended."""
        if self._process is None:
            return True
        try:
            self._process.wait(max(deadline - self._clock(), 0.01))
        except subprocess.TimeoutExpired:
            return False
        self._process = None
        self._close_pipe()
        return True

    def _close_pipe(self) -> None:
        if self.ready_pipe is not None:
            os.close(self.ready_pipe)
            self.ready_pipe = None
