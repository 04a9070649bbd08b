"""The benchmark page: what is written, and where."""

from pathlib import Path

import pytest

from tests.benchmarks import rates, report
from tests.benchmarks.load import Measured
from tests.benchmarks.receivers import ISOCENTER, ORTHANC, STORESCP


def _measured(rate: float, latency_ms: float) -> Measured:
    latencies = (latency_ms / 1000,) * 100
    return Measured(instances=100, failures=0, seconds=100 / rate, ended=0.0, latencies=latencies)


@pytest.fixture
def result() -> rates.RowResult:
    rounds = {
        ISOCENTER: [_measured(900, 3), _measured(1000, 2), _measured(1100, 1)],
        ORTHANC: [_measured(500, 4), _measured(400, 4), _measured(600, 4)],
        STORESCP: [_measured(2000, 1)],
    }
    return rates.RowResult(row=rates.ROWS["MR-4"], count=2000, rounds=rounds, client_rate=12345.6)


def test_a_section_is_replaced_between_its_marks_and_nothing_else() -> None:
    page = "before\n<!-- a -->\nold\n<!-- /a -->\nafter\n<!-- b -->\nkept\n<!-- /b -->\n"
    assert report.replaced(page, "a", "new") == page.replace("old", "new")


def test_the_page_has_the_marks_of_every_section() -> None:
    page = report.PAGE.read_text()
    for section in ("ingest", "ingest-more", "profile", "turnaround"):
        assert report.replaced(page, section, "new").count(f"<!-- {section} -->\nnew\n<!-- /{section} -->") == 1


def test_a_table_has_a_line_a_row() -> None:
    assert report.table(("a", "b"), [(1, 2)]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"


def test_a_row_shows_medians_ranges_ratio_and_goal(result: rates.RowResult) -> None:
    rate_table, latency_table = rates.tables([result]).split("\n\n")
    assert rate_table.splitlines()[-1] == (
        "| 2,000 × MR 64×64, 10 kB | 4 | 1,000 (900–1,100) | 500 (400–600) | 2.00 × | ≥ 2 × | yes | 2,000 | 12,346 |"
    )
    assert latency_table.splitlines()[-1] == (
        "| MR 64×64, 10 kB | 4 | 2.00 (1.00–3.00) | 4.00 | 1.00 | 2.00 (1.00–3.00) | 4.00 | 1.00 | yes |"
    )


def test_every_round_is_kept(result: rates.RowResult) -> None:
    kept = result.as_json()
    assert kept["row"] == "MR-4"
    assert kept["rounds"] == {
        ISOCENTER: [
            {"instances_per_s": 900.0, "p50_ms": 3.0, "p99_ms": 3.0},
            {"instances_per_s": 1000.0, "p50_ms": 2.0, "p99_ms": 2.0},
            {"instances_per_s": 1100.0, "p50_ms": 1.0, "p99_ms": 1.0},
        ],
        ORTHANC: [{"instances_per_s": float(rate), "p50_ms": 4.0, "p99_ms": 4.0} for rate in (500, 400, 600)],
        STORESCP: [{"instances_per_s": 2000.0, "p50_ms": 1.0, "p99_ms": 1.0}],
    }


def test_the_file_system_of_a_folder_is_named(tmp_path: Path) -> None:
    assert report.file_system(Path("/proc/self")) == "proc"
    assert report.file_system(tmp_path)
