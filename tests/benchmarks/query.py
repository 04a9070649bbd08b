"""C-FIND of the node beside Orthanc at the same studies, and beside itself with many more instances.

One association asks; the receivers take turns. The page docs/benchmarks.md is rewritten when all was measured in full.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import chain
from pathlib import Path
from typing import Final

import httpx

from archive.database import Database
from tests.benchmarks import query_index, query_objects, report
from tests.benchmarks.figures import Finding, Goal, Spread
from tests.benchmarks.processes import end_in_order
from tests.benchmarks.query_client import QueryClient, Question
from tests.benchmarks.query_loads import LOADS, questions
from tests.benchmarks.receivers import ISOCENTER, ORTHANC, Receiver, as_receiver, node, orthanc_with_http
from tests.benchmarks.rounds import in_order, say

_FOLDER: Final = Path("/var/tmp")  # noqa: S108 - a folder of its own is made in it
_STUDIES: Final = 5000
_FEW, _MANY = 1000, 100_000
_ROUNDS: Final = 5
_COUNT: Final = 200
_FASTER: Final = Goal(value=5, unit=" ×")
_NOT_SLOWER: Final = Goal(value=1, at_most=True, unit=" ×")
_GROWTH: Final = Goal(value=2, at_most=True, unit=" ×")
_FIRST_MATCH: Final = Goal(value=20, at_most=True, unit=" ms")
Milliseconds = dict[tuple[str, str], list[list[float]]]


def main() -> None:
    """Measure, print, and write the figures into the benchmark page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=_ROUNDS)
    parser.add_argument("--quick", action="store_true", help="a tenth of everything: shows that it runs, no more")
    parser.add_argument("--folder", type=Path, default=_FOLDER, help="on the file system to measure")
    arguments = parser.parse_args()
    share = 10 if arguments.quick else 1
    end_in_order()
    with tempfile.TemporaryDirectory(prefix="isocenter-bench-", dir=arguments.folder) as folder:
        found = beside_orthanc(Path(folder), studies=_STUDIES // share, rounds=arguments.rounds, count=_COUNT // share)
        found += beside_itself(Path(folder), many=_MANY // share, rounds=arguments.rounds, count=_COUNT // share)
        method = report.method(Path(folder), arguments.rounds)
    table = report.table(("what", "Isocenter", "Orthanc", "goal", "reached"), [finding.row() for finding in found])
    report.show("query", f"{method}\n\n{table}", write=not arguments.quick and arguments.rounds >= _ROUNDS)


def beside_orthanc(folder: Path, *, studies: int, rounds: int, count: int) -> list[Finding]:
    """Ask both the same, and compare requests a second and the slowest hundredth."""
    with ExitStack() as stack:
        ours = stack.enter_context(_filled(folder / "isocenter", ISOCENTER, studies))
        peer, url = stack.enter_context(orthanc_with_http(folder / "orthanc"))
        with httpx.Client(base_url=url, timeout=60) as client:
            for number in range(studies):
                client.post("/instances", content=query_objects.file_of(number)).raise_for_status()
        say(f"{studies:,} studies are in both")
        measured = _measure([ours, peer], studies=studies, rounds=rounds, count=count)
    return [finding for load in LOADS for finding in _compared(load, measured, studies)]


def beside_itself(folder: Path, *, many: int, rounds: int, count: int) -> list[Finding]:
    """Ask two nodes, of which one has many more instances."""
    few = min(_FEW, many)
    with ExitStack() as stack:
        small = stack.enter_context(_filled(folder / "few", "few", few))
        large = stack.enter_context(_filled(folder / "many", "many", many))
        measured = _measure([small, large], studies=few, rounds=rounds, count=count)
    return [finding for load in LOADS for finding in _grown(load, measured, few, many)]


@contextmanager
def _filled(folder: Path, name: str, studies: int) -> Iterator[Receiver]:
    with node(folder) as started:
        with Database(f"sqlite:///{started.data_dir}/index.sqlite") as database:
            database.write(query_index.fill, studies)
        say(f"{name}: {studies:,} studies are in the index")
        yield as_receiver(started, name)


def _measure(receivers: list[Receiver], *, studies: int, rounds: int, count: int) -> Milliseconds:
    measured: Milliseconds = {}
    for load in LOADS:
        asked = questions(load, studies=studies, count=count)
        for number in range(rounds + 1):
            for receiver in in_order(receivers, number):
                found = _ask(receiver, asked)
                # The first round warms up.
                if number:
                    measured.setdefault((load, receiver.name), []).append(found)
                    say(f"{load}, {receiver.name}: {1000 * len(found) / sum(found):,.0f}/s")
    return measured


def _ask(receiver: Receiver, asked: list[Question]) -> list[float]:
    milliseconds = []
    with QueryClient(receiver) as client:
        for question in asked:
            begun = time.perf_counter()
            matches = client.ask(question)
            milliseconds.append(1000 * (time.perf_counter() - begun))
            if not matches:
                raise SystemExit(f"{receiver.name} found nothing")
    return milliseconds


def _compared(load: str, measured: Milliseconds, studies: int) -> Iterator[Finding]:
    rates = {
        name: Spread.of(1000 * len(found) / sum(found) for found in measured[load, name])
        for name in (ISOCENTER, ORTHANC)
    }
    p99 = {name: _p99(measured[load, name]) for name in (ISOCENTER, ORTHANC)}
    ratio = rates[ISOCENTER].median / rates[ORTHANC].median
    yield Finding(
        what=f"C-FIND by {load}, {studies:,} studies, requests a second",
        figure=ratio,
        text=f"{rates[ISOCENTER].text('/s')}, {ratio:.1f} ×",
        peer=rates[ORTHANC].text("/s"),
        goal=_FASTER,
    )
    yield Finding(
        what=f"C-FIND by {load}, 99 of 100 within",
        figure=p99[ISOCENTER] / p99[ORTHANC],
        text=f"{p99[ISOCENTER]:.2f} ms",
        peer=f"{p99[ORTHANC]:.2f} ms",
        goal=_NOT_SLOWER,
    )


def _grown(load: str, measured: Milliseconds, few: int, many: int) -> Iterator[Finding]:
    medians = {name: statistics.median(chain.from_iterable(measured[load, name])) for name in ("few", "many")}
    ratio = medians["many"] / medians["few"]
    yield Finding(
        what=f"C-FIND by {load}, median with {many:,} instances, of that with {few:,}",
        figure=ratio,
        text=f"{ratio:.2f} × ({medians['many']:.2f} ms of {medians['few']:.2f} ms)",
        goal=_GROWTH,
    )
    # The whole answer: its first match is there before.
    all_within = _p99(measured[load, "many"])
    yield Finding(
        what=f"C-FIND by {load}, {many:,} studies, 99 of 100 answers within",
        figure=all_within,
        text=f"{all_within:.2f} ms",
        goal=_FIRST_MATCH,
    )


def _p99(rounds: list[list[float]]) -> float:
    return statistics.quantiles(chain.from_iterable(rounds), n=100, method="inclusive")[98]


if __name__ == "__main__":
    main()
