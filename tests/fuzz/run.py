"""All fuzzers, one after the other, and what they found: `make fuzz`.

The fuzzers work in `.fuzz/`, beginning with what is kept in `tests/fuzz/corpus/`. An input that fails is written to
`tests/fuzz/crashes/`, where the tests find it from then on.
"""

import argparse
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from rich.console import Console

from tests.fuzz.seeds import write_seeds
from tests.fuzz.targets import TARGETS, Target

WORK: Final = Path(".fuzz")
_SECONDS_AN_INPUT: Final = 5
_MEBIBYTES: Final = 1_024
# What is longer stays in the working folder: the corpus is part of the repository.
_LONGEST_KEPT: Final = 3_000
_RUNS: Final = re.compile(r"stat::number_of_executed_units:\s*(\d+)")
_NEW: Final = re.compile(r"MERGE-OUTER: (\d+) new files")
_SIGNS_OF_LIFE: Final = ("INFO: seed corpus", "MERGE-OUTER: ")
_console: Final = Console(highlight=False)


def main() -> int:
    """Run the fuzzers that were named, or all; 1 when one of them found something."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=main.__doc__)
    parser.add_argument("names", nargs="*", help="targets; all of them by default")
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--keep", action="store_true", help="keep inputs that reach new code in the corpus")
    options = parser.parse_args()
    targets = [target for target in TARGETS if not options.names or target.name in options.names]
    found = [fuzz(target, options.seconds, keep=options.keep) for target in targets]
    return 1 if any(found) else 0


def fuzz(target: Target, seconds: int, *, keep: bool) -> bool:
    """Run one fuzzer, say how it went, and return whether it found something."""
    work = WORK / target.name
    work.mkdir(parents=True, exist_ok=True)
    target.crashes.mkdir(parents=True, exist_ok=True)
    target.corpus.mkdir(parents=True, exist_ok=True)
    write_seeds(target.name, work)
    before = set(target.crashes.iterdir())
    said = _engine(
        target,
        str(work),
        str(target.corpus),
        f"-max_total_time={seconds}",
        f"-max_len={target.longest}",
        f"-timeout={_SECONDS_AN_INPUT}",
        f"-rss_limit_mb={_MEBIBYTES}",
        f"-artifact_prefix={target.crashes}/",
        "-print_final_stats=1",
    )
    found = sorted(set(target.crashes.iterdir()) - before)
    runs = _RUNS.search(said)
    _console.print(f"{target.name}: {runs[1] if runs else 'no'} inputs, {len(found)} of them failed")
    for path in found:
        _console.print(f"  {path}\n{_traceback(said)}", markup=False)
    new = _merge(target, work, keep=keep)
    if new:
        _console.print(f"  {new} inputs reach code that the corpus does not{', now kept' if keep else ''}")
    return bool(found)


def _merge(target: Target, work: Path, *, keep: bool) -> int:
    """Count what reaches new code; where it is wanted keep it, and of all that is kept only the smallest inputs."""
    new = _NEW.search(_engine(target, "-merge=1", f"-max_len={_LONGEST_KEPT}", *_copy_of(target.corpus, work)))
    if keep:
        minimised = work.with_suffix(".minimised")
        shutil.rmtree(minimised, ignore_errors=True)
        minimised.mkdir()
        _engine(target, "-merge=1", f"-max_len={_LONGEST_KEPT}", str(minimised), str(target.corpus), str(work))
        shutil.rmtree(target.corpus)
        shutil.move(minimised, target.corpus)
    return int(new[1]) if new else 0


def _copy_of(corpus: Path, work: Path) -> tuple[str, str]:
    """Give a copy of the corpus that may be added to, and where from."""
    trial = work.with_suffix(".trial")
    shutil.rmtree(trial, ignore_errors=True)
    shutil.copytree(corpus, trial)
    return str(trial), str(work)


def _engine(target: Target, *options: str) -> str:
    """Run libFuzzer on a target, with the lowest priority, and return what it said."""
    command = ["nice", "-n", "19", sys.executable, "-m", "tests.fuzz.engine", target.name, *options]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    said = done.stdout.decode(errors="replace")
    if not any(sign in said for sign in _SIGNS_OF_LIFE):
        raise SystemExit(f"the fuzzer of {target.name} did not start:\n{said[-2_000:]}")
    return said


def _traceback(said: str) -> str:
    """Return Python's own part of what libFuzzer said of a failure."""
    _, _, tail = said.partition("=== Uncaught Python exception: ===")
    return tail.partition("==")[0].strip() or said[-1_000:]


if __name__ == "__main__":
    sys.exit(main())
