"""What py-spy saw: stacks of Python functions, and how often each was seen."""

import re
import signal
import subprocess
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, Self, TypeAlias

Stacks: TypeAlias = Mapping[tuple[str, ...], int]

SAMPLES_A_SECOND: Final = 200
# The frame that every stack of an association has.
_ASSOCIATION: Final = "scp/association.py"
_FRAME: Final = re.compile(r"(?P<function>.+) \((?P<file>[^():]+)(?::\d+)?\)")
_ATTACHED: Final = "Sampling process"
_PROGRAM: Final = Path(__file__).parents[2] / ".venv" / "bin" / "py-spy"


class Sampler:
    """Runs py-spy on some processes, each until `stop`.

    Parameters
    ----------
    pids
        The processes.
    folder
        Where it writes.
    options
        `--idle` shows also threads that wait, `--gil` only the one that holds the interpreter's lock.
    """

    def __init__(self, pids: Iterable[int], folder: Path, *options: str) -> None:
        folder.mkdir(parents=True)
        self._files = {pid: folder / f"{pid}.txt" for pid in pids}
        self._running = [_start(pid, path, options) for pid, path in self._files.items()]
        for process in self._running:
            _wait_for(process.stdout, _ATTACHED)

    def stop(self) -> Stacks:
        """End the sampling and return what all processes did together."""
        for process in self._running:
            process.send_signal(signal.SIGINT)
        for process in self._running:
            process.communicate(timeout=60)
        return parse("\n".join(path.read_text() for path in self._files.values()))


def _start(pid: int, path: Path, options: Sequence[str]) -> subprocess.Popen[str]:
    command = [str(_PROGRAM), "record", "--pid", str(pid), "--rate", str(SAMPLES_A_SECOND), *options]
    command += ["--format", "raw", "--output", str(path)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def _wait_for(stream: IO[str] | None, text: str) -> None:
    assert stream
    lines: list[str] = []
    for line in stream:
        lines.append(line)
        if text in line:
            return
    raise SystemExit("py-spy could not sample: " + "".join(lines))


def parse(raw: str) -> Stacks:
    """Read py-spy's raw format, `FRAME;FRAME;… COUNT`; frames become `file function`, without lines."""
    stacks: Counter[tuple[str, ...]] = Counter()
    for line in raw.splitlines():
        frames, _, count = line.rpartition(" ")
        if frames:
            stacks[tuple(map(_name, frames.split(";")))] += int(count)
    return stacks


def _name(frame: str) -> str:
    found = _FRAME.fullmatch(frame)
    return f"{found['file']} {found['function']}" if found else frame


def of_associations(stacks: Stacks) -> Stacks:
    """Keep the stacks of threads that serve an association."""
    return {stack: count for stack, count in stacks.items() if any(frame.startswith(_ASSOCIATION) for frame in stack)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """How often a function was seen: itself at the top of the stack, and with all that it called."""

    function: str
    own: int
    total: int

    @classmethod
    def of_all(cls, stacks: Stacks) -> list[Self]:
        """Count all functions, the one most seen at the top first."""
        own: Counter[str] = Counter()
        total: Counter[str] = Counter()
        for stack, count in stacks.items():
            own[stack[-1]] += count
            for frame in set(stack):
                total[frame] += count
        names = sorted(total, key=lambda name: (-own[name], -total[name], name))
        return [cls(function=name, own=own[name], total=total[name]) for name in names]
