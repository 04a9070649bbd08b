"""Child processes seen from the runner: a warm pool of them, with limits on time and memory."""

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
from types import TracebackType
from typing import IO, Final, Self, cast

import structlog

from analysis.child import MEMORY_VARIABLE
from analysis.messages import Message, Request, decode

_log = structlog.get_logger()
_END_SECONDS: Final = 5.0
# What ends with its group has closed its pipes by then; only what left the group still holds them.
_CLOSED_SECONDS: Final = 1.0


class ProcessEnded(Exception):
    """The child is gone.

    Parameters
    ----------
    returncode
        Negative: ended by this signal.
    """

    def __init__(self, returncode: int) -> None:
        self.returncode = returncode
        cause = f"signal {-returncode}" if returncode < 0 else f"exit code {returncode}"
        super().__init__(f"the analyzer's process ended ({cause})")


class AnalysisProcess:
    """One child process, and whatever a model starts from it: both end together.

    Parameters
    ----------
    memory_bytes
        Limit of its address space; 0 for none.
    """

    def __init__(self, *, memory_bytes: int = 0) -> None:
        environment = {**os.environ, MEMORY_VARIABLE: str(memory_bytes)}
        # One thread a child: the runner decides how much is done at once, not each library for itself.
        for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
            environment.setdefault(variable, "1")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "analysis.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            # A signal to the terminal's group is the supervisor's to act on: jobs end in an orderly way.
            start_new_session=True,
        )
        self._messages: queue.Queue[Message | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()
        self.jobs = 0

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    def start(self, request: Request) -> None:
        """Hand over a request.

        Raises
        ------
        ProcessEnded
            If the child is gone.
        """
        self.jobs += 1
        try:
            self._stdin.write(request.to_line())
            self._stdin.flush()
        except OSError as error:
            raise ProcessEnded(self._returncode()) from error

    def receive(self, timeout_seconds: float) -> Message | None:
        """Wait for the next message about the request; None if none came in time.

        Raises
        ------
        ProcessEnded
            If the child is gone.
        """
        try:
            message = self._messages.get(timeout=max(0.0, timeout_seconds))
        except queue.Empty:
            return None
        if message is None:
            raise ProcessEnded(self._returncode())
        return message

    def is_alive(self) -> bool:
        """Whether it can take a request."""
        return self._watcher.is_alive()

    def kill(self) -> None:
        """End it at once, with what it started."""
        self._kill_group()
        self._close()

    def end(self) -> None:
        """End it by closing its input; kill it if it does not."""
        with contextlib.suppress(OSError):
            self._stdin.close()
        self._watcher.join(_END_SECONDS)
        if self._watcher.is_alive():
            self._kill_group()
        self._close()

    @property
    def _stdin(self) -> IO[bytes]:
        return cast("IO[bytes]", self._process.stdin)

    def _read(self) -> None:
        stream = self._process.stdout
        for line in stream or ():
            try:
                message = decode(line)
            except (ValueError, KeyError, TypeError):
                # A model that writes into the pipe is not to be listened to any longer.
                self._kill_group()
                return
            self._messages.put(message)

    def _watch(self) -> None:
        """Wait for its end, and end what is left of its group: that would hold the pipes open, and run on for ever.

        The process is not collected before: as long as it is there, nobody else can have its number.
        """
        with contextlib.suppress(ChildProcessError):
            os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOWAIT)
        self._kill_group()
        self._process.wait()
        # What was said before the end comes before the end.
        self._reader.join(_CLOSED_SECONDS)
        self._messages.put(None)

    def _kill_group(self) -> None:
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def _returncode(self) -> int:
        self._watcher.join()
        return self._process.wait()

    def _close(self) -> None:
        self._watcher.join(_END_SECONDS)
        streams = [self._process.stdin]
        if not self._reader.is_alive():
            # Closing waits for whoever reads: for ever, where a process that left the group keeps the pipe open.
            streams.append(self._process.stdout)
        for stream in streams:
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()


class ProcessPool:
    """Children that are kept warm, so that a job starts in milliseconds and not in seconds.

    Parameters
    ----------
    size
        Children kept idle.
    memory_bytes
        Limit of each.
    jobs_per_process
        After so many jobs a child is replaced: what a model leaks ends with it.
    """

    def __init__(self, *, size: int, memory_bytes: int = 0, jobs_per_process: int = 50) -> None:
        self._size = size
        self._memory_bytes = memory_bytes
        self._jobs_per_process = jobs_per_process
        self._lock = threading.Lock()
        self._idle: list[AnalysisProcess] = []
        self._closed = False
        self.fill()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def fill(self) -> None:
        """Start children until enough of them wait."""
        with self._lock:
            missing = 0 if self._closed else self._size - len(self._idle)
            self._idle.extend(self._new() for _ in range(missing))

    def take(self) -> AnalysisProcess:
        """Take a child, warm if there is one."""
        with self._lock:
            while self._idle:
                process = self._idle.pop()
                if process.is_alive():
                    return process
                process.end()
        return self._new()

    def give_back(self, process: AnalysisProcess) -> None:
        """Return a child after its request ended in order; one that was killed is not given back."""
        with self._lock:
            room = not self._closed and len(self._idle) < self._size and process.jobs < self._jobs_per_process
            if room and process.is_alive():
                self._idle.append(process)
                return
        process.end()
        self.fill()

    def close(self) -> None:
        """End all idle children."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for process in idle:
            process.end()

    def _new(self) -> AnalysisProcess:
        process = AnalysisProcess(memory_bytes=self._memory_bytes)
        _log.debug("analysis_process_started", pid=process.pid)
        return process
