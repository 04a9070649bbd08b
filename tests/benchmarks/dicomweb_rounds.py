"""Rounds of requests: each service once, in an order that alternates, and what came of them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from tests.benchmarks.dicomweb_client import Connection, Rate, rate
from tests.benchmarks.dicomweb_loads import Load
from tests.benchmarks.dicomweb_services import Service
from tests.benchmarks.figures import Goal, Spread, yes_or_no
from tests.benchmarks.receivers import ISOCENTER, ORTHANC
from tests.benchmarks.rounds import say

HEADER: Final = ("what", "connections", "Isocenter", "Orthanc", "ratio", "goal", "reached", "p99", "p99 of Orthanc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A figure of each service, and how much better the node's is: more requests a second, or fewer milliseconds."""

    what: str
    connections: int
    figures: dict[str, Spread]
    unit: str
    goal: Goal
    p99_ms: dict[str, float]

    @property
    def ratio(self) -> float:
        """How many times better the node is."""
        ours, peer = self.figures[ISOCENTER].median, self.figures[ORTHANC].median
        return ours / peer if self.unit == "/s" else peer / ours

    def cells(self) -> tuple[str, ...]:
        """Give the cells of its row, as in `HEADER`."""
        digits = 1 if self.figures[ISOCENTER].median < 20 else 0
        ours, peer = (self.figures[name].text(self.unit, digits) for name in (ISOCENTER, ORTHANC))
        ratio, reached = f"{self.ratio:.2f} ×", yes_or_no(self.goal, self.ratio)
        p99 = [f"{self.p99_ms[name]:,.1f} ms" if name in self.p99_ms else "–" for name in (ISOCENTER, ORTHANC)]
        return self.what, str(self.connections), ours, peer, ratio, self.goal.text(), reached, *p99


def in_order(services: Sequence[Service], number: int) -> list[Service]:
    """Give the order of a round: nobody always comes first."""
    return list(services) if number % 2 == 0 else list(reversed(services))


def rates(services: Sequence[Service], load: Load, *, connections: int, goal: Goal, rounds: int, seconds: int) -> Row:
    """Measure requests a second; the first round warms up."""
    measured: dict[str, list[Rate]] = {service.name: [] for service in services}
    for number in range(rounds + 1):
        for service in in_order(services, number):
            found = rate(service, load.paths, load.accept, connections=connections, seconds=seconds if number else 1)
            if number:
                measured[service.name].append(found)
                say(f"{load.name}, {connections} connections, {service.name}: {found.per_second:,.0f}/s")
    return Row(
        what=load.name,
        connections=connections,
        figures={name: Spread.of(one.per_second for one in found) for name, found in measured.items()},
        unit="/s",
        goal=goal,
        p99_ms={name: Spread.of(one.p99_ms for one in found).median for name, found in measured.items()},
    )


def times(
    services: Sequence[Service], what: str, loads: Callable[[int], Load], *, goal: Goal, rounds: Iterable[int]
) -> Row:
    """Measure milliseconds of single requests over one connection.

    Parameters
    ----------
    loads
        Gives what is asked in a round, by its number; each path is asked once.
    """
    measured: dict[str, list[float]] = {service.name: [] for service in services}
    for number in rounds:
        load = loads(number)
        sizes = []
        for service in in_order(services, number):
            found, size = _ask(service, load)
            measured[service.name] += found
            sizes.append(size)
            say(f"{what}, {service.name}: {Spread.of(found).text(' ms', 1)}, {size:,} bytes")
        if min(sizes) * 3 < max(sizes):
            raise SystemExit(f"{what}: the answers differ too much to be compared: {sizes} bytes")
    figures = {name: Spread.of(found) for name, found in measured.items()}
    return Row(what=what, connections=1, figures=figures, unit=" ms", goal=goal, p99_ms={})


def _ask(service: Service, load: Load) -> tuple[list[float], int]:
    connection = Connection(service)
    try:
        answers = [connection.get(path, load.accept) for path in load.paths]
    finally:
        connection.close()
    return [milliseconds for milliseconds, _ in answers], sum(size for _, size in answers)
