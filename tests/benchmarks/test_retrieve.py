"""The benchmark of retrieval: its sink takes what is sent, whole, and its figures are compared the right way round."""

from pathlib import Path

from routing.delivery import deliver
from tests.benchmarks.figures import Finding
from tests.benchmarks.receivers import ISOCENTER, ORTHANC
from tests.benchmarks.retrieve import compared
from tests.benchmarks.retrieve_client import Retrieved
from tests.benchmarks.retrieve_sink import LARGEST_PDU, sink
from tests.routing.peers import CT, Files, peer


def test_the_sink_takes_objects_of_any_length(tmp_path: Path) -> None:
    files = Files(tmp_path)
    instances = [files.add(bytes(size)) for size in (2, LARGEST_PDU - 12, LARGEST_PDU - 10, 5 * LARGEST_PDU)]
    with sink(CT) as (port, moments):
        outcomes = list(deliver(peer(port), instances, files))
        assert [outcome.status for outcome in outcomes] == [0, 0, 0, 0]
        assert moments.poll(10)
        reported = moments.recv()
    assert len(reported) == len(instances)
    assert reported == sorted(reported)


def _rounds(rate: float, gap: float) -> list[Retrieved]:
    return [Retrieved(instances=100, seconds=100 / rate, gaps=(gap,) * 99) for _ in range(3)]


def test_a_faster_node_reaches_both_goals() -> None:
    measured = {("C-GET", ISOCENTER): _rounds(130, 0.001), ("C-GET", ORTHANC): _rounds(100, 0.002)}
    rate, slowest = compared(measured)
    assert rate.row() == (
        "C-GET of 100 × CT 512×512, 0.5 MB, objects a second",
        "130/s, 1.30 ×",
        "100/s",
        "≥ 1.2 ×",
        "yes",
    )
    assert slowest.row()[1:] == ("1.00 ms", "2.00 ms", "≤ 1 ×", "yes")


def test_a_node_that_is_not_faster_by_a_fifth_misses_the_goal() -> None:
    measured = {("C-MOVE", ISOCENTER): _rounds(119, 0.003), ("C-MOVE", ORTHANC): _rounds(100, 0.002)}
    findings: list[Finding] = list(compared(measured))
    assert [finding.row()[-1] for finding in findings] == ["**no**", "**no**"]
