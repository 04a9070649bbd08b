"""DICOMweb of the node beside Orthanc with its plugin: frames, metadata, whole series, rendered images, searches.

The services take turns, both with HTTP Basic. The page docs/benchmarks.md is rewritten when all was measured in full.
"""

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from tests.benchmarks import dicomweb_loads, report
from tests.benchmarks.dicomweb_loads import Load
from tests.benchmarks.dicomweb_memory import large_object
from tests.benchmarks.dicomweb_rounds import HEADER, Row, rates, times
from tests.benchmarks.dicomweb_services import Service, filled, services, store, wait_for_pictures
from tests.benchmarks.figures import Goal
from tests.benchmarks.processes import end_in_order
from tests.benchmarks.rounds import say
from tests.benchmarks.series import Series, ct_slice

_FOLDER: Final = Path("/var/tmp")  # noqa: S108 - a folder of its own is made in it
_SLICES: Final = 400
_STUDIES: Final = 5000
_ROUNDS: Final = 5
_CONNECTIONS: Final = (1, 8)
_TWICE, _FIVE_TIMES, _NOT_SLOWER = (Goal(value=value, unit=" ×") for value in (2, 5, 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """How much is measured."""

    rounds: int
    seconds: int
    slices: int
    studies: int
    large_bytes: int


def main() -> None:
    """Measure, print, and write the figures into the benchmark page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=_ROUNDS)
    parser.add_argument("--quick", action="store_true", help="a tenth of everything: shows that it runs, no more")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), help="some parts; writes no page")
    parser.add_argument("--folder", type=Path, default=_FOLDER, help="on the file system to measure")
    arguments = parser.parse_args()
    share = 10 if arguments.quick else 1
    extent = Extent(
        rounds=min(arguments.rounds, 2) if arguments.quick else arguments.rounds,
        seconds=1 if arguments.quick else 2,
        slices=_SLICES // share,
        studies=_STUDIES // share,
        large_bytes=(2 << 30) // share,
    )
    end_in_order()
    with tempfile.TemporaryDirectory(prefix="isocenter-bench-", dir=arguments.folder) as folder:
        rows = [row for part in arguments.only for row in PARTS[part](Path(folder) / part, extent)]
        method = report.method(Path(folder), extent.rounds)
    is_whole = not arguments.quick and set(arguments.only) == set(PARTS) and extent.rounds >= _ROUNDS
    report.show("dicomweb", f"{method}\n\n{report.table(HEADER, rows)}", write=is_whole)


def images(folder: Path, extent: Extent) -> Iterator[tuple[str, ...]]:
    """Ask for what viewers ask for, of series of 512x512 CT slices."""
    template = ct_slice()
    with services(folder) as both:
        series = [template.series(extent.slices) for _ in range(extent.rounds)]
        _store(both, series[:1])
        yield from (row.cells() for row in _search_for_one_study(both, extent))
        _store(both, series[1:])
        for row in (*_metadata(both, series), *_frames(both, series[0], extent), *_objects(both, series, extent)):
            yield row.cells()


def pictures(folder: Path, extent: Extent) -> Iterator[tuple[str, ...]]:
    """Ask for pictures that nobody has asked for before, of series that lie there for a few seconds."""
    template, chosen = ct_slice(), extent.slices // 4
    with services(folder, pictures=True) as both:
        series = [template.series(chosen) for _ in range(extent.rounds)]
        _store(both, series)
        wait_for_pictures(folder, series)
        for what, query in (
            ("JPEG of a slice, asked for the first time", ""),
            ("JPEG of a slice in another window, made when it is asked for", "?window=40,400,linear"),
        ):
            load = partial(_rendered, series, dicomweb_loads.JPEG, query=query)
            yield times(both, what, load, goal=_FIVE_TIMES, rounds=range(extent.rounds)).cells()


def _rendered(series: list[Series], accept: str, number: int, *, query: str = "") -> Load:
    one = series[number]
    chosen = range(0, one.count, max(one.count // 20, 1))
    paths = [f"{dicomweb_loads.instance_path(one, slice_)}/rendered{query}" for slice_ in chosen]
    return Load(name="rendered", accept=accept, paths=paths)


def _store(both: list[Service], series: list[Series]) -> None:
    for one in series:
        for service in both:
            store(service, one)
            say(f"{service.name}: {one.count} slices are stored")


def _search_for_one_study(both: list[Service], extent: Extent) -> Iterator[Row]:
    load = dicomweb_loads.one_study()
    for connections in _CONNECTIONS:
        yield rates(both, load, connections=connections, goal=_TWICE, rounds=extent.rounds, seconds=extent.seconds)


def _metadata(both: list[Service], series: list[Series]) -> Iterator[Row]:
    def load(number: int) -> Load:
        path = f"{dicomweb_loads.series_path(series[number])}/metadata"
        return Load(name="metadata", accept=dicomweb_loads.JSON, paths=[path])

    what, rounds = f"metadata of {series[0].count} slices", range(len(series))
    yield times(both, f"{what}, asked for the first time", load, goal=_NOT_SLOWER, rounds=rounds)
    yield times(both, f"{what}, again", load, goal=_FIVE_TIMES, rounds=rounds)


def _frames(both: list[Service], series: Series, extent: Extent) -> Iterator[Row]:
    for load in dicomweb_loads.frames(series):
        for connections in _CONNECTIONS:
            yield rates(both, load, connections=connections, goal=_TWICE, rounds=extent.rounds, seconds=extent.seconds)


def _objects(both: list[Service], series: list[Series], extent: Extent) -> Iterator[Row]:
    path, count, rounds = dicomweb_loads.series_path(series[0]), extent.slices, range(extent.rounds)

    def whole(_: int) -> Load:
        return Load(name="series", accept=dicomweb_loads.FILES, paths=[path] * 3)

    def searched(_: int) -> Load:
        return Load(name="instances", accept=dicomweb_loads.JSON, paths=[f"{path}/instances"] * 5)

    yield times(both, f"{count} slices as stored, {count * 0.525:.0f} MB", whole, goal=_NOT_SLOWER, rounds=rounds)
    for name, accept in (("JPEG", dicomweb_loads.JPEG), ("PNG", dicomweb_loads.PNG)):
        what = f"{name} of a slice, made when it is asked for"
        yield times(both, what, partial(_rendered, series, accept), goal=_FIVE_TIMES, rounds=rounds)
    yield times(both, f"QIDO instances of a series of {count}", searched, goal=_FIVE_TIMES, rounds=rounds)


def searches(folder: Path, extent: Extent) -> Iterator[tuple[str, ...]]:
    """Ask what worklists ask, of an archive with many studies."""
    with filled(folder, extent.studies) as both:
        say(f"{extent.studies:,} studies are in both")
        for load in dicomweb_loads.searches(extent.studies, count=200):
            for connections in _CONNECTIONS:
                row = rates(
                    both, load, connections=connections, goal=_FIVE_TIMES, rounds=extent.rounds, seconds=extent.seconds
                )
                yield row.cells()


def memory(folder: Path, extent: Extent) -> Iterator[tuple[str, ...]]:
    """Store and retrieve one large object."""
    for finding in large_object(folder, size=extent.large_bytes):
        what, figure, peer, goal, reached = finding.row()
        yield what, "1", figure, peer, "–", goal, reached, "–", "–"


PARTS: Final = {"images": images, "pictures": pictures, "searches": searches, "memory": memory}

if __name__ == "__main__":
    main()
