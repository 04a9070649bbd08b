"""Where the threads of the listeners were during a load: on a core, waiting for one, or waiting for something else."""

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tests.benchmarks.processes import CpuTime

_NANOSECONDS = 1e9
_TICKS = os.sysconf("SC_CLK_TCK")
# Heartbeats and sleeping main threads are no part of the work.
_BUSY_SHARE = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What the kernel has counted so far: seconds of roles, of threads, and of the whole machine.

    Attributes
    ----------
    roles
        Seconds on a core of the processes of each role.
    threads
        Of each thread of the listeners: seconds on a core, and seconds of waiting for one.
    idle, busy
        Seconds of all cores together.
    """

    moment: float
    roles: Mapping[str, CpuTime]
    threads: Mapping[int, tuple[float, float]]
    idle: float
    busy: float

    @classmethod
    def take(cls, roles: Mapping[str, Sequence[int]], listeners: Sequence[int]) -> Self:
        """Ask the kernel now."""
        idle, busy = _cores(Path("/proc/stat").read_text())
        return cls(
            moment=time.perf_counter(),
            roles={role: CpuTime.of(pids) for role, pids in roles.items()},
            threads=dict(_thread(path) for pid in listeners for path in Path(f"/proc/{pid}/task").iterdir()),
            idle=idle,
            busy=busy,
        )


def _thread(path: Path) -> tuple[int, tuple[float, float]]:
    running, waiting, _ = (path / "schedstat").read_text().split()
    return int(path.name), (int(running) / _NANOSECONDS, int(waiting) / _NANOSECONDS)


def _cores(stat: str) -> tuple[float, float]:
    """Return idle and busy seconds of `/proc/stat`: its fields are user, nice, system, idle, iowait and more."""
    ticks = [int(field) / _TICKS for field in stat.splitlines()[0].split()[1:9]]
    idle = ticks[3] + ticks[4]
    return idle, sum(ticks) - idle


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadTime:
    """Shares of the time of those listener threads that did something, which add up to 1."""

    threads: int
    running: float
    wanting_core: float

    @property
    def waiting(self) -> float:
        """Waiting for the sender, the disk, a lock."""
        return max(1 - self.running - self.wanting_core, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The difference of two snapshots."""

    seconds: float
    roles: Mapping[str, CpuTime]
    threads: ThreadTime
    others: float
    idle: float

    @classmethod
    def between(cls, before: Snapshot, after: Snapshot) -> Self:
        """Count what happened between two snapshots."""
        seconds = after.moment - before.moment
        roles = {role: after.roles[role] - before.roles[role] for role in before.roles}
        busy = after.busy - before.busy
        return cls(
            seconds=seconds,
            roles=roles,
            threads=_thread_time(before, after, seconds),
            others=max(busy - sum(used.seconds for used in roles.values()), 0.0),
            idle=after.idle - before.idle,
        )


def _thread_time(before: Snapshot, after: Snapshot, seconds: float) -> ThreadTime:
    used = [
        (after.threads[tid][0] - running, after.threads[tid][1] - waiting)
        for tid, (running, waiting) in before.threads.items()
        if tid in after.threads
    ]
    busy = [(running, waiting) for running, waiting in used if running > seconds * _BUSY_SHARE]
    whole = max(len(busy) * seconds, 1e-9)
    return ThreadTime(
        threads=len(busy),
        running=sum(running for running, _ in busy) / whole,
        wanting_core=sum(waiting for _, waiting in busy) / whole,
    )
