"""Ingest of the node beside Orthanc and storescp, in alternating rounds of one run.

The page docs/benchmarks.md has two sections: the four rates, and everything else. A section is rewritten when all of it
was measured in full; each can be run alone (--only CT-1 CT-4 MR-1 MR-4, or --only archive memory visible latency
postgresql). Every run's figures are kept in test-results/benchmarks/ingest.json.
"""

import argparse
import json
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from tests.benchmarks import archive_size, latency, memory, postgresql, rates, report, visible
from tests.benchmarks.figures import Finding
from tests.benchmarks.processes import end_in_order
from tests.benchmarks.rounds import say

RESULTS: Final = Path(__file__).parents[2] / "test-results" / "benchmarks" / "ingest.json"
# On a disk as a rule, where /tmp may be memory: there nothing can be made durable.
_FOLDER: Final = Path("/var/tmp")  # noqa: S108 - a folder of its own is made in it
_ROUNDS: Final = 5
_QUICK_SHARE: Final = 0.1
_MEBIBYTE: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """How much is measured: everything, or a tenth of it to see that it runs."""

    rounds: int = _ROUNDS
    quick: bool = False

    @property
    def share(self) -> float:
        """How much of each series is sent."""
        return _QUICK_SHARE if self.quick else 1.0

    def of(self, number: int) -> int:
        """Give that share of a number."""
        return int(number * self.share)


_PARTS: Final[dict[str, Callable[[Path, Extent], list[Finding]]]] = {
    "archive": lambda folder, extent: archive_size.findings(
        folder, instances=extent.of(100_000), count=extent.of(2000), rounds=extent.rounds
    ),
    "memory": lambda folder, extent: memory.findings(folder, size=extent.of(2048) * _MEBIBYTE),
    "visible": lambda folder, extent: visible.findings(folder, count=extent.of(2000), rounds=min(extent.rounds, 3)),
    "latency": lambda folder, extent: latency.findings(folder, repetitions=extent.of(250)),
    "postgresql": lambda folder, extent: postgresql.findings(folder, rounds=min(extent.rounds, 3), share=extent.share),
}
NAMES: Final = (*rates.ROWS, *_PARTS)


def main() -> None:
    """Measure, print, and write the figures into the benchmark page."""
    arguments = _arguments()
    names = arguments.only or list(NAMES)
    extent = Extent(rounds=arguments.rounds or (1 if arguments.quick else _ROUNDS), quick=arguments.quick)
    end_in_order()
    # Removed only at the end: ext4 passes over inodes freed a moment ago one by one, whenever it makes a file.
    with tempfile.TemporaryDirectory(prefix="isocenter-bench-", dir=arguments.folder) as folder:
        # PostgreSQL runs as a user of its own, who has to come through here.
        Path(folder).chmod(0o711)
        say(f"{report.machine()}, {report.file_system(Path(folder))}; {', '.join(names)}")
        results = [
            rates.measure_row(row, Path(folder), rounds=extent.rounds, share=extent.share)
            for name, row in rates.ROWS.items()
            if name in names
        ]
        findings = {name: part(Path(folder, name), extent) for name, part in _PARTS.items() if name in names}
        method = report.method(Path(folder), extent.rounds)
    _keep(results, findings, method)
    _show(results, [finding for found in findings.values() for finding in found], extent, names, method)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, help=f"rounds for each receiver (default: {_ROUNDS}; 1 if --quick)")
    parser.add_argument("--quick", action="store_true", help="a tenth of everything: shows that it runs, no more")
    parser.add_argument("--only", nargs="+", choices=NAMES, metavar="NAME", help=f"some of: {', '.join(NAMES)}")
    parser.add_argument(
        "--folder", type=Path, default=_FOLDER, help="on the file system to measure (default: %(default)s)"
    )
    return parser.parse_args()


def _keep(results: list[rates.RowResult], findings: dict[str, list[Finding]], method: str) -> None:
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "method": method,
        "rows": [result.as_json() for result in results],
        "findings": {name: [asdict(finding) for finding in found] for name, found in findings.items()},
    }
    RESULTS.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def _show(
    results: list[rates.RowResult], findings: list[Finding], extent: Extent, names: list[str], method: str
) -> None:
    if results:
        whole = not extent.quick and set(rates.ROWS) <= set(names)
        report.show("ingest", f"{method}\n\n{rates.tables(results)}", write=whole)
    if findings:
        whole = not extent.quick and set(_PARTS) <= set(names)
        table = report.table(("what", "Isocenter", "Orthanc", "goal", "reached"), [found.row() for found in findings])
        report.show("ingest-more", f"{method}\n\n{table}", write=whole)


if __name__ == "__main__":
    main()
