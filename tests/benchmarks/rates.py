"""C-STORE rate and latency of the node beside Orthanc and storescp."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.benchmarks import report, series
from tests.benchmarks.figures import Goal, Spread, yes_or_no
from tests.benchmarks.load import Measured, run
from tests.benchmarks.nothing import receiver_of_nothing
from tests.benchmarks.receivers import ISOCENTER, ORTHANC, STORESCP, all_receivers
from tests.benchmarks.rounds import Load, Rounds, measure, say

_CLIENT_ROUNDS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One input over some associations, and how much faster than Orthanc it should be."""

    name: str
    title: str
    template: Callable[[], series.Template]
    count: int
    associations: int
    goal: Goal

    def load(self, *, rounds: int, share: float) -> Load:
        """Make what is sent; `share` of all instances."""
        return Load(
            name=self.name,
            title=self.title,
            template=self.template(),
            count=int(self.count * share),
            associations=self.associations,
            rounds=rounds,
        )


_CT, _MR = "CT 512×512, 0.5 MB", "MR 64×64, 10 kB"
ROWS: Final = {
    row.name: row
    for row in (
        Row(name="CT-1", title=_CT, template=series.ct_slice, count=400, associations=1, goal=Goal(value=3.0)),
        Row(name="CT-4", title=_CT, template=series.ct_slice, count=400, associations=4, goal=Goal(value=2.0)),
        Row(name="MR-1", title=_MR, template=series.mr_image, count=2000, associations=1, goal=Goal(value=2.0)),
        Row(name="MR-4", title=_MR, template=series.mr_image, count=2000, associations=4, goal=Goal(value=2.0)),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RowResult:
    """What all rounds of a row showed, and the client's own rate against a receiver that keeps nothing."""

    row: Row
    count: int
    rounds: Rounds
    client_rate: float

    def rate(self, name: str) -> Spread:
        """Instances a second of a receiver."""
        return Spread.of(one.rate for one in self.rounds[name])

    def latency_ms(self, name: str, percent: int) -> Spread:
        """Percentile of the latency of one C-STORE, in each round."""
        return Spread.of(one.percentile_ms(percent) for one in self.rounds[name])

    @property
    def ratio(self) -> float:
        """How many times as fast as Orthanc."""
        return self.rate(ISOCENTER).median / self.rate(ORTHANC).median

    def as_json(self) -> dict[str, object]:
        """Give every round's figures."""
        return {
            "row": self.row.name,
            "instances": self.count,
            "client_rate": round(self.client_rate, 1),
            "rounds": {name: [_round_json(one) for one in rounds] for name, rounds in self.rounds.items()},
        }


def _round_json(measured: Measured) -> dict[str, float]:
    return {
        "instances_per_s": round(measured.rate, 1),
        "p50_ms": round(measured.percentile_ms(50), 3),
        "p99_ms": round(measured.percentile_ms(99), 3),
    }


def measure_row(row: Row, folder: Path, *, rounds: int, share: float) -> RowResult:
    """Measure one row with receivers of its own: all begin empty."""
    load = row.load(rounds=rounds, share=share)
    say(f"{row.name}: starting the receivers")
    with all_receivers(folder / row.name) as receivers:
        measured = measure(load, receivers)
    return RowResult(row=row, count=load.count, rounds=measured, client_rate=_client_rate(load))


def _client_rate(load: Load) -> float:
    with receiver_of_nothing(load.associations) as port:
        sent = [
            run(port, load.template.series(load.count), associations=load.associations, called="NOTHING")
            for _ in range(_CLIENT_ROUNDS)
        ]
    return Spread.of(one.rate for one in sent).median


def tables(results: list[RowResult]) -> str:
    """Write rates and latencies as two tables."""
    return report.table(*_rates(results)) + "\n\n" + report.table(*_latencies(results))


def _rates(results: list[RowResult]) -> tuple[list[str], list[list[str]]]:
    header = ["instances a second", "associations", ISOCENTER, ORTHANC, "ratio", "goal", "reached", STORESCP, "client"]
    rows = [
        [
            f"{result.count:,} × {result.row.title}",
            str(result.row.associations),
            result.rate(ISOCENTER).text(),
            result.rate(ORTHANC).text(),
            f"{result.ratio:.2f} ×",
            f"{result.row.goal.text()} ×",
            yes_or_no(result.row.goal, result.ratio),
            result.rate(STORESCP).text(),
            f"{result.client_rate:,.0f}",
        ]
        for result in results
    ]
    return header, rows


def _latencies(results: list[RowResult]) -> tuple[list[str], list[list[str]]]:
    names = (ISOCENTER, ORTHANC, STORESCP)
    header = ["one C-STORE, ms", "associations", *(f"{name} p50" for name in names), *(f"{name} p99" for name in names)]
    return [*header, "p99 ≤ Orthanc's"], [_latency_row(result, names) for result in results]


def _latency_row(result: RowResult, names: tuple[str, ...]) -> list[str]:
    goal = Goal(value=result.latency_ms(ORTHANC, 99).median, at_most=True)
    return [
        result.row.title,
        str(result.row.associations),
        *(result.latency_ms(name, 50).text(digits=2) for name in names),
        *(result.latency_ms(name, 99).text(digits=2) for name in names),
        yes_or_no(goal, result.latency_ms(ISOCENTER, 99).median),
    ]
