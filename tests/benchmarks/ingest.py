"""C-STORE rate and latency of the node beside Orthanc, in alternating rounds of one run.

python -m tests.benchmarks.ingest --rounds 3
"""

import argparse
import statistics
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pydicom import Dataset
from pydicom.uid import MRImageStorage, generate_uid

from isocenter.demo.phantom import PhantomOptions, phantom_datasets
from tests.acceptance.conftest import MODALITY
from tests.acceptance.peers.node import Node
from tests.acceptance.peers.objects import ct_slice, encoded
from tests.acceptance.peers.orthanc import Orthanc
from tests.benchmarks import report
from tests.benchmarks.load import Instance, Measured, run

_ELEMENTS = 120


def _instance(ds: Dataset) -> Instance:
    return Instance(sop_class_uid=ds.SOPClassUID, sop_instance_uid=ds.SOPInstanceUID, data_set=encoded(ds))


def _ct_series(count: int) -> list[Instance]:
    """Return CT slices of 512x512 with about as many header elements as a scanner writes."""
    template = next(iter(phantom_datasets(PhantomOptions(slices=40))))
    for number in range(_ELEMENTS - len(template)):
        template.add_new((0x0019, 0x1000 + number), "LO", f"PRIVATE {number}")
    template.add_new((0x0019, 0x0010), "LO", "ISOCENTER BENCHMARK")
    template.StudyInstanceUID, template.SeriesInstanceUID = generate_uid(), generate_uid()
    return _renumbered(template, count)


def _mr_series(count: int) -> list[Instance]:
    pixels = bytes(64 * 64 * 2)
    return _renumbered(
        ct_slice(SOPClassUID=MRImageStorage, Modality="MR", Rows=64, Columns=64, PixelData=pixels), count
    )


def _renumbered(template: Dataset, count: int) -> list[Instance]:
    instances = []
    for number in range(count):
        template.SOPInstanceUID, template.InstanceNumber = generate_uid(), number + 1
        instances.append(_instance(template))
    return instances


SERIES: dict[str, Callable[[], list[Instance]]] = {
    "400 CT slices of 0.5 MB": lambda: _ct_series(400),
    "2,000 MR instances of 64×64": lambda: _mr_series(2000),
}


@contextmanager
def _receivers(folder: Path) -> Iterator[dict[str, tuple[int, str]]]:
    """Start the node and Orthanc with nothing else to do: results would share the two cores."""
    node = Node(folder / "node", aes=[MODALITY], analysis={"quiet_seconds": 3600}).start()
    orthanc = Orthanc(folder / "orthanc", node_port=node.dicom_port).start()
    try:
        yield {"Isocenter": (node.dicom_port, "ISOCENTER"), "Orthanc": (orthanc.dicom_port, "ORTHANC")}
    finally:
        orthanc.stop()
        node.stop()


def _median(rounds: list[Measured], value: Callable[[Measured], float]) -> float:
    return statistics.median(map(value, rounds))


def _measure(
    folder: Path, series: Callable[[], list[Instance]], associations: int, rounds: int
) -> dict[str, list[Measured]]:
    measured: dict[str, list[Measured]] = {}
    with _receivers(folder) as receivers:
        for _ in range(rounds):
            for name, (port, called) in receivers.items():
                measured.setdefault(name, []).append(run(port, series(), associations=associations, called=called))
    failures = {name: sum(one.failures for one in rounds) for name, rounds in measured.items()}
    if any(failures.values()):
        raise SystemExit(f"some C-STOREs failed: {failures}")
    return measured


def main() -> None:
    """Measure, print, and write the figures into the benchmark page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="rounds for each receiver; the medians are printed")
    arguments = parser.parse_args()
    # Removed only at the end: ext4 passes over inodes freed a moment ago one by one, whenever it makes a file.
    with tempfile.TemporaryDirectory() as folder:
        report.write("ingest", _compare(Path(folder), arguments.rounds))


def _compare(folder: Path, rounds: int) -> str:
    rows: list[tuple[object, ...]] = []
    for title, series in SERIES.items():
        for associations in (1, 4):
            measured = _measure(folder / f"{len(rows)}", series, associations, rounds)
            ours, theirs = measured["Isocenter"], measured["Orthanc"]
            rate, their_rate = _median(ours, lambda m: m.rate), _median(theirs, lambda m: m.rate)
            p99, their_p99 = (
                _median(ours, lambda m: m.percentile_ms(99)),
                _median(theirs, lambda m: m.percentile_ms(99)),
            )
            rows.append(
                (title, associations, f"{rate:.0f}/s", f"{their_rate:.0f}/s", f"{rate / their_rate:.2f} ×",
                 f"{p99:.1f} ms", f"{their_p99:.1f} ms")
            )  # fmt: skip
    header = ("input", "associations", "Isocenter", "Orthanc", "ratio", "p99 Isocenter", "p99 Orthanc")
    return report.table(header, rows)


if __name__ == "__main__":
    main()
