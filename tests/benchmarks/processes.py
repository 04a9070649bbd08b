"""What the kernel knows of processes: their children, their time on a core, their memory."""

import os
import signal
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tests.waiting import wait_until

_TICKS = os.sysconf("SC_CLK_TCK")
_IDLE_SECONDS = 0.5
# Polling loops and heartbeats wake up now and then; work is more than this share of a core.
_IDLE_SHARE = 0.06


@dataclass(frozen=True, slots=True, kw_only=True)
class CpuTime:
    """Seconds on a core, in the program and in the kernel."""

    user: float = 0.0
    kernel: float = 0.0

    def __add__(self, other: "CpuTime") -> "CpuTime":
        return CpuTime(user=self.user + other.user, kernel=self.kernel + other.kernel)

    def __sub__(self, other: "CpuTime") -> "CpuTime":
        return CpuTime(user=self.user - other.user, kernel=self.kernel - other.kernel)

    @property
    def seconds(self) -> float:
        """Both together."""
        return self.user + self.kernel

    @classmethod
    def of(cls, pids: Iterable[int]) -> Self:
        """Add up what processes have used since they began."""
        user = kernel = 0.0
        for pid in pids:
            fields = _stat(pid)
            user += int(fields[11]) / _TICKS if fields else 0.0
            kernel += int(fields[12]) / _TICKS if fields else 0.0
        return cls(user=user, kernel=kernel)


def _stat(pid: int) -> list[str]:
    """Return the fields of `/proc/PID/stat` behind the name, which may hold anything; none of an ended process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def end_in_order() -> None:
    """Let SIGTERM end the program as Ctrl-C does: whatever it has started is stopped."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


def family(pid: int) -> Iterator[int]:
    """Yield a process and its descendants."""
    yield pid
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return
    for child in map(int, children):
        yield from family(child)


def wait_until_idle(pids: Iterable[int], *, seconds: float = 120) -> None:
    """Wait until processes and their descendants have nothing to do; fail when they still work after `seconds`."""
    roots = list(pids)

    def is_idle() -> bool:
        before = CpuTime.of(_all(roots))
        time.sleep(_IDLE_SECONDS)
        return (CpuTime.of(_all(roots)) - before).seconds < _IDLE_SECONDS * _IDLE_SHARE

    wait_until(is_idle, seconds=seconds, what="the receivers are idle")


def _all(roots: Iterable[int]) -> list[int]:
    return [pid for root in roots for pid in family(root)]


def forget_peak(pid: int) -> None:
    """Let the peak of a process's resident memory start anew."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def resident_bytes(pid: int, *, peak: bool = False) -> int:
    """Return the resident memory of a process, now or at its peak."""
    wanted = "VmHWM:" if peak else "VmRSS:"
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(wanted))
