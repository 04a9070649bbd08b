"""What a process asked of the kernel, and in which order: `strace` attached to it, and its output as values."""

import re
import signal
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

# A page of the database and its frame header; names of files and UIDs are found in it as text.
_LONGEST_STRING = 4200
_COMPLETE = re.compile(r"(\d+) +(\w+)\((.*)\) += (.*)")
_UNFINISHED = re.compile(r"(\d+) +(\w+)\((.*) <(?:unfinished|detached) \.\.\.>")
_RESUMED = re.compile(r"(\d+) +<\.\.\. (\w+) resumed>(.*)\) += (.*)")
_NEVER = 1 << 62
_DESCRIPTOR = re.compile(r"\d+<(\w+:\[[^\]]*\]|[^>]*)>")
_NAME = re.compile(r'(?:(?:AT_FDCWD|\d+)(?:<([^>]*)>)?, )?"((?:[^"\\]|\\.)*)"')

FLUSHES = frozenset({"fsync", "fdatasync"})
WRITES = frozenset({"write", "writev", "pwrite64", "pwritev", "pwritev2"})
SENDS = frozenset({"sendto", "sendmsg", "write", "writev"})
MOVES = frozenset({"rename", "renameat", "renameat2", "link", "linkat"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One system call.

    Parameters
    ----------
    thread
        Who called.
    name, arguments, result
        As `strace -yy` writes them: descriptors come with what they refer to.
    begun, ended
        Lines of the trace, which `strace` writes in the order of what happened.
    """

    thread: int
    name: str
    arguments: str
    result: str
    begun: int
    ended: int

    @property
    def target(self) -> str:
        """What the first argument, a descriptor, refers to: a path, or `TCP:[here->there]`."""
        found = _DESCRIPTOR.match(self.arguments)
        return found[1] if found else ""

    @property
    def names(self) -> list[str]:
        """The paths among the arguments, those relative to a descriptor made whole."""
        return [str(Path(folder, name)) for folder, name in _NAME.findall(self.arguments)]

    def is_before(self, other: "Call") -> bool:
        """Tell whether this one had returned when the other one was made."""
        return self.ended < other.begun


def parse(lines: Iterable[str]) -> list[Call]:
    """Read the output of `strace -f -yy`; calls come in the order in which they returned.

    Those that had not returned when the trace ended come last, with an empty result. Signals and ends of threads are
    left out.
    """
    calls: list[Call] = []
    pending: dict[int, Call] = {}
    for number, line in enumerate(lines):
        if found := _UNFINISHED.fullmatch(line):
            call = _call(found, result="", begun=number, ended=_NEVER)
            pending[call.thread] = call
        elif found := _RESUMED.fullmatch(line):
            begun = pending.pop(int(found[1]), None)
            if begun:
                calls.append(replace(begun, arguments=begun.arguments + found[3], result=found[4], ended=number))
        elif found := _COMPLETE.fullmatch(line):
            calls.append(_call(found, result=found[4], begun=number, ended=number))
    return calls + list(pending.values())


def _call(found: re.Match[str], *, result: str, begun: int, ended: int) -> Call:
    return Call(thread=int(found[1]), name=found[2], arguments=found[3], result=result, begun=begun, ended=ended)


@contextmanager
def traced(pids: Sequence[int], output: Path) -> Iterator[None]:
    """Trace processes, with all their threads, while the context is open."""
    command = ["strace", "-f", "-yy", "-s", str(_LONGEST_STRING), "-o", str(output)]
    for pid in pids:
        command += ["-p", str(pid)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        try:
            for _ in pids:
                said = process.stderr.readline()
                assert "attached" in said, said
            yield
        finally:
            process.send_signal(signal.SIGINT)
            process.stderr.read()
