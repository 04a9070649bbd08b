"""C-GET and C-MOVE of one series from the node and from Orthanc, to a sink that costs nothing.

The receivers take turns. The page docs/benchmarks.md is rewritten when all was measured in full.
"""

import argparse
import shutil
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import Final

import httpx

from tests.acceptance.peers.node import Node
from tests.benchmarks import report, retrieve_client
from tests.benchmarks.client import CALLING
from tests.benchmarks.figures import Finding, Goal, Spread
from tests.benchmarks.load import run
from tests.benchmarks.processes import end_in_order
from tests.benchmarks.receivers import ISOCENTER, ORTHANC, Receiver, as_receiver, node, orthanc_with_http
from tests.benchmarks.retrieve_client import Retrieve, Retrieved
from tests.benchmarks.retrieve_sink import TITLE, sink
from tests.benchmarks.rounds import in_order, say, settle
from tests.benchmarks.series import Series, ct_slice

_FOLDER: Final = Path("/var/tmp")  # noqa: S108 - a folder of its own is made in it
_COUNT: Final = 400
_ROUNDS: Final = 11
_FASTER: Final = Goal(value=1.2, unit=" ×")
_NOT_SLOWER: Final = Goal(value=1, at_most=True, unit=" ×")
Rounds = dict[tuple[str, str], list[Retrieved]]


def main() -> None:
    """Measure, print, and write the figures into the benchmark page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=_ROUNDS)
    parser.add_argument("--quick", action="store_true", help="a tenth of the objects: shows that it runs, no more")
    parser.add_argument("--folder", type=Path, default=_FOLDER, help="on the file system to measure")
    arguments = parser.parse_args()
    if shutil.which("Orthanc") is None:
        say("Orthanc is not installed (make peers installs it): there is nothing to measure beside")
        return
    end_in_order()
    with tempfile.TemporaryDirectory(prefix="isocenter-bench-", dir=arguments.folder) as folder:
        measured = measure(Path(folder), count=_COUNT // (10 if arguments.quick else 1), rounds=arguments.rounds)
        method = report.method(Path(folder), arguments.rounds)
    rows = [finding.row() for finding in compared(measured)]
    table = report.table(("what", "Isocenter", "Orthanc", "goal", "reached"), rows)
    report.show("retrieve", f"{method}\n\n{table}", write=not arguments.quick and arguments.rounds >= _ROUNDS)


def measure(folder: Path, *, count: int, rounds: int) -> Rounds:
    """Store one series in both, and retrieve it in turns."""
    series = ct_slice().series(count)
    with ExitStack() as stack:
        port, moments = stack.enter_context(sink(series.sop_class_uid))
        started = stack.enter_context(node(folder / "isocenter"))
        _introduce(started, port)
        peer, url = stack.enter_context(orthanc_with_http(folder / "orthanc"))
        _introduce_to_orthanc(url, port)
        receivers = [as_receiver(started), peer]
        for receiver in receivers:
            run(receiver.port, series, associations=1, called=receiver.called)
        say(f"{count} objects are in both")
        services = {"C-GET": retrieve_client.get, "C-MOVE": retrieve_client.move_to(moments)}
        return _rounds(receivers, services, series, rounds)


def _rounds(receivers: list[Receiver], services: dict[str, Retrieve], series: Series, rounds: int) -> Rounds:
    measured: Rounds = {}
    for service, retrieve in services.items():
        settle(receivers)
        for number in range(rounds + 1):
            for receiver in in_order(receivers, number):
                found = retrieve(receiver, series)
                # The first round warms up.
                if number:
                    measured.setdefault((service, receiver.name), []).append(found)
                    say(f"{service}, {receiver.name}: {found.rate:,.0f}/s")
    return measured


def compared(measured: Rounds) -> Iterator[Finding]:
    """Compare rates, and the slowest hundredth of the objects."""
    for service in dict.fromkeys(service for service, _ in measured):
        ours, theirs = measured[service, ISOCENTER], measured[service, ORTHANC]
        rates = [Spread.of(one.rate for one in rounds) for rounds in (ours, theirs)]
        ratio = rates[0].median / rates[1].median
        yield Finding(
            what=f"{service} of {ours[0].instances} × CT 512×512, 0.5 MB, objects a second",
            figure=ratio,
            text=f"{rates[0].text('/s')}, {ratio:.2f} ×",
            peer=rates[1].text("/s"),
            goal=_FASTER,
        )
        p99 = [_p99(rounds) for rounds in (ours, theirs)]
        yield Finding(
            what=f"{service}, from one object to the next, 99 of 100 within",
            figure=p99[0] / p99[1],
            text=f"{p99[0]:.2f} ms",
            peer=f"{p99[1]:.2f} ms",
            goal=_NOT_SLOWER,
        )


def _p99(rounds: list[Retrieved]) -> float:
    gaps = chain.from_iterable(one.gaps for one in rounds)
    return 1000 * statistics.quantiles(gaps, n=100, method="inclusive")[98]


def _introduce(started: Node, port: int) -> None:
    entry = {"name": TITLE, "ae_title": TITLE, "host": "127.0.0.1", "port": port, "results": False}
    with started.client() as client:
        client.post("/api/v1/aes", json=entry).raise_for_status()


def _introduce_to_orthanc(url: str, port: int) -> None:
    for title, allowed in ((TITLE, {}), (CALLING, {"AllowGet": True, "AllowMove": True})):
        entry = {"AET": title, "Host": "127.0.0.1", "Port": port, **allowed}
        httpx.put(f"{url}/modalities/{title}", json=entry).raise_for_status()


if __name__ == "__main__":
    main()
