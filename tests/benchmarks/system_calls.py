"""Which system calls the listeners make, how many, and how long they take: counted by perf, or else by strace."""

import re
import shutil
import signal
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.waiting import wait_until

_PERF_LINE: Final = re.compile(r"\s+(?P<name>\w+)\s+(?P<calls>\d+)\s+(?P<errors>\d+)\s+(?P<total_ms>[\d.]+)\s.*%")
_THREAD: Final = re.compile(r"^ .+ \(\d+\), \d+ events.*$", re.MULTILINE)
_STRACE_LINE: Final = re.compile(
    r"\s*[\d.]+\s+(?P<seconds>[\d.]+)\s+\d+\s+(?P<calls>\d+)\s+(?:\d+\s+)?(?P<name>(?!total)\w+)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemCall:
    """All calls of one name; seconds from their begin to their return, waiting included."""

    name: str
    calls: int
    seconds: float


class Counter:
    """Counts the system calls of the threads that some processes have now, until `stop`."""

    def __init__(self, pids: Sequence[int], folder: Path) -> None:
        self._path = folder / "system-calls.txt"
        # perf costs a call some microseconds; strace stops the thread twice, which distorts the times.
        self.tool = "perf" if shutil.which("perf") else "strace"
        arguments = ["perf", "trace", "--summary", "--output", str(self._path), "--pid", ",".join(map(str, pids))]
        if self.tool == "strace":
            arguments = ["strace", "-c", "-w", "-f", "-o", str(self._path), *(f"--attach={pid}" for pid in pids)]
        self._process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: self._is_attached(pids), what=f"{self.tool} counts system calls")

    def _is_attached(self, pids: Iterable[int]) -> bool:
        if self._process.poll() is not None:
            raise SystemExit(f"{self.tool} may not look at the listeners; root may")
        if self.tool == "strace":
            return all(_is_traced(pid) for pid in pids)
        return "[perf_event]" in Path(f"/proc/{self._process.pid}/maps").read_text()

    def stop(self) -> list[SystemCall]:
        """Return what was counted, the name with the most time first."""
        self._process.send_signal(signal.SIGINT)
        self._process.wait(timeout=60)
        return parse(self._path.read_text())


def _is_traced(pid: int) -> bool:
    return "TracerPid:\t0\n" not in Path(f"/proc/{pid}/status").read_text()


def parse(summary: str) -> list[SystemCall]:
    """Read perf's or strace's summary.

    perf writes one table a thread; of those only the threads that receive count, for the others mostly sleep.
    """
    tables = [table for table in _THREAD.split(summary) if " recv" in table] or [summary]
    calls: dict[str, int] = defaultdict(int)
    seconds: dict[str, float] = defaultdict(float)
    for line in "\n".join(tables).splitlines():
        if found := _PERF_LINE.fullmatch(line):
            calls[found["name"]] += int(found["calls"])
            seconds[found["name"]] += float(found["total_ms"]) / 1000
        elif found := _STRACE_LINE.fullmatch(line):
            calls[found["name"]] += int(found["calls"])
            seconds[found["name"]] += float(found["seconds"])
    made = [SystemCall(name=name, calls=count, seconds=seconds[name]) for name, count in calls.items()]
    return sorted(made, key=lambda call: -call.seconds)
