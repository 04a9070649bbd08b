"""How much memory processes took at most, as the kernel counted it."""

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_RESET_PEAK = "5"


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """What one process took more than before, in MiB.

    Parameters
    ----------
    name
        Of the process.
    peak
        Resident memory at its highest, above what it was.
    anonymous, file
        Resident memory at the end above what it was: its own, and pages of files.
    """

    name: str
    peak: float
    anonymous: float
    file: float

    def __str__(self) -> str:
        return f"{self.name} +{self.peak:.0f} MiB (then anonymous {self.anonymous:+.0f}, file {self.file:+.0f})"


class Watched:
    """Processes whose peak counts from now on.

    Attributes
    ----------
    others
        Peak in MiB of processes that were started later.
    """

    def __init__(self, pids: Iterable[int]) -> None:
        self.others: dict[int, float] = {}
        self._before: dict[int, dict[str, float]] = {}
        for pid in pids:
            Path(f"/proc/{pid}/clear_refs").write_text(_RESET_PEAK)
            self._before[pid] = _status(pid)

    def growth(self) -> list[Growth]:
        """Compare with the beginning; a process that ended is an error."""
        return [_growth(pid, before, _status(pid)) for pid, before in self._before.items()]

    def note_others(self, pids: Iterable[int]) -> None:
        """Note how large processes are that were started since; they may end at any time."""
        for pid in set(pids) - self._before.keys():
            with contextlib.suppress(OSError, KeyError):
                self.others[pid] = max(self.others.get(pid, 0.0), _status(pid)["VmHWM"])


def _growth(pid: int, before: dict[str, float], after: dict[str, float]) -> Growth:
    return Growth(
        name=Path(f"/proc/{pid}/comm").read_text().strip(),
        peak=after["VmHWM"] - before["VmRSS"],
        anonymous=after["RssAnon"] - before["RssAnon"],
        file=after["RssFile"] - before["RssFile"],
    )


def _status(pid: int) -> dict[str, float]:
    """Return the sizes in `/proc/PID/status`, in MiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {line.split(":")[0]: int(line.split()[1]) / 1024 for line in lines if line.endswith("kB")}
