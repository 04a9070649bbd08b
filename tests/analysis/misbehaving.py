"""Analyzers that do in their process what models do by mistake; child processes import this module by its name."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from analysis.analyzers import Applicability, Progress, SeriesDescription
from analysis.codes import ARTIFICIAL_INTELLIGENCE
from analysis.findings import Code, Result
from analysis.series import SeriesInput

FOR_EVER: Final = "86400"


class Misbehaving:
    """Does one thing wrong.

    Parameters
    ----------
    kind
        Which; a function of this module.
    note
        File for the numbers of the processes that it starts.
    """

    name = "misbehaving"
    manufacturer = "Example Hospital"
    family = ARTIFICIAL_INTELLIGENCE
    is_mock = False

    def __init__(self, kind: str = "nothing", note: str = os.devnull, version: str = "1") -> None:
        self._kind, self._note, self.version = kind, Path(note), version

    def applies_to(self, series: SeriesDescription) -> Applicability:
        """Take all."""
        if self._kind == "raise_when_asked":
            raise KeyError(series.modality)
        answer: Any = None if self._kind == "say_nothing_when_asked" else Applicability.yes()
        return answer  # type: ignore[no-any-return]  # what it should not be

    def analyze(self, series: SeriesInput, progress: Progress) -> Result:
        """Do it."""
        del series
        _KINDS[self._kind](self._note, progress)
        return Result()


class WithoutWeights(Misbehaving):
    """Cannot be made."""

    def __init__(self) -> None:
        super().__init__()
        Path("/no/such/weights.onnx").read_bytes()


class WithoutFamily(Misbehaving):
    """Says of its family what is no code."""

    family: Code = "Deep learning"  # type: ignore[assignment]  # what it should not be


def _fork(note: Path) -> None:
    child = os.fork()
    if child == 0:
        time.sleep(float(FOR_EVER))
        os._exit(0)
    note.write_text(str(child))


def _fork_and_hang(note: Path, _progress: Progress) -> None:
    _fork(note)
    time.sleep(float(FOR_EVER))


def _fork_and_crash(note: Path, _progress: Progress) -> None:
    _fork(note)
    os._exit(3)


def _start_and_hang(note: Path, _progress: Progress) -> None:
    with subprocess.Popen(["sleep", FOR_EVER]) as started:
        note.write_text(str(started.pid))


def _read_input(_note: Path, _progress: Progress) -> None:
    assert subprocess.run(["cat"], capture_output=True, check=True).stdout == b""
    assert sys.stdin.read() == ""


def _leave(_note: Path, _progress: Progress) -> None:
    sys.exit("no licence")


def _speak_oddly(_note: Path, progress: Progress) -> None:
    unusual: Any = progress
    for percent, text in ((33.3, "a\udc80\0b"), (float("nan"), None), (1000, "long" * 10_000)):
        unusual(percent, text)


def _speak_in_many_threads(_note: Path, progress: Progress) -> None:
    def speak() -> None:
        for percent in range(100):
            progress(percent, "wide " * 90)

    threads = [threading.Thread(target=speak) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _nothing(_note: Path, _progress: Progress) -> None:
    """Behave."""


_KINDS: Final[dict[str, Callable[[Path, Progress], None]]] = {
    "fork_and_hang": _fork_and_hang,
    "fork_and_crash": _fork_and_crash,
    "start_and_hang": _start_and_hang,
    "read_input": _read_input,
    "leave": _leave,
    "speak_oddly": _speak_oddly,
    "speak_in_many_threads": _speak_in_many_threads,
    "nothing": _nothing,
}
