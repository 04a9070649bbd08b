"""What a monitoring system is told, and that every metric is on the page about metrics."""

import re
import time
from pathlib import Path

import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families

from access.permissions import Role
from archive.stages import Count, Level, Stage, Stages, folder_of
from tests.api.serving import Served, serving
from tests.postgres import Server
from tests.waiting import free_port, wait_until

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "metrics.md").read_text()


def scraped(node: Served) -> str:
    with node.as_role(Role.SERVICE) as monitor:
        answer = monitor.get("/metrics")
    assert answer.status_code == 200
    return answer.text


def value(text: str, sample: str) -> float | None:
    """Return the value of a sample, written as on the wire."""
    found = re.search(rf"^{re.escape(sample)} (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found else None


def test_metrics_tell_what_is_there_and_how_fast_it_answered(node: Served) -> None:
    with node.as_role(Role.SERVICE) as monitor:
        monitor.get("/api/v1/jobs")
    text = scraped(node)
    assert value(text, "isocenter_stored_instances") == 0
    assert value(text, 'isocenter_http_request_seconds_count{method="GET",route="/api/v1/jobs",status="2xx"}') == 1
    assert value(text, "isocenter_feed_clients") == 0
    assert value(text, 'isocenter_ready{part="database"}') == 1


def test_the_watermarks_are_beside_the_free_space(sqlite_url: str, tmp_path: Path) -> None:
    sections = {"storage": {"url": f"file://{tmp_path}/blobs", "reserved_bytes": 7, "warning_bytes": 9}}
    with serving(sqlite_url, tmp_path, sections=sections) as node:
        text = scraped(node)
    assert value(text, "isocenter_storage_reserved_bytes") == 7
    assert value(text, "isocenter_storage_warning_bytes") == 9
    free, total = value(text, "isocenter_storage_free_bytes"), value(text, "isocenter_storage_total_bytes")
    assert free is not None
    assert total is not None
    assert 9 < free <= total


def test_the_ingest_of_all_processes_is_one_histogram_a_stage(node: Served) -> None:
    folder = folder_of(node.settings.data_dir)
    with Stages.shared(folder, "dicom") as one, Stages.shared(folder, "dicom") as other:
        for stages, seconds in ((one, 0.000_3), (other, 0.3), (other, 30.0)):
            stages.observe(Stage.FSYNC, seconds)
            stages.count(Count.STORED)
            stages.count(Count.BYTES, 1000)
        other.group(2)
        one.level(Level.CONNECTIONS, 3)
        wait_until(lambda: value(scraped(node), "isocenter_connections") == 3)
        text = wait_until(lambda: _if(scraped(node), "isocenter_ingest_bytes_total", 3000))
    assert value(text, 'isocenter_ingest_seconds_bucket{le="0.0002",stage="fsync"}') == 0
    assert value(text, 'isocenter_ingest_seconds_bucket{le="0.0005",stage="fsync"}') == 1
    assert value(text, 'isocenter_ingest_seconds_bucket{le="0.5",stage="fsync"}') == 2
    assert value(text, 'isocenter_ingest_seconds_bucket{le="10.0",stage="fsync"}') == 2
    assert value(text, 'isocenter_ingest_seconds_bucket{le="+Inf",stage="fsync"}') == 3
    assert value(text, 'isocenter_ingest_seconds_count{stage="fsync"}') == 3
    assert value(text, 'isocenter_ingest_seconds_sum{stage="fsync"}') == pytest.approx(30.3003)
    assert value(text, 'isocenter_ingest_instances_total{outcome="stored"}') == 3
    assert value(text, 'isocenter_ingest_instances_total{outcome="refused"}') == 0
    assert value(text, 'isocenter_ingest_group_size_bucket{le="2"}') == 1
    assert value(scraped(node), "isocenter_connections") == 0


def _if(text: str, sample: str, wanted: float) -> str | None:
    return text if value(text, sample) == wanted else None


def test_a_part_that_does_not_work_is_told(sqlite_url: str, tmp_path: Path) -> None:
    with serving(sqlite_url, tmp_path, listener=("127.0.0.1", free_port())) as node:
        assert value(scraped(node), 'isocenter_ready{part="listener"}') == 0


def test_every_metric_is_documented_and_every_documented_one_is_there(node: Served) -> None:
    scraped(node)  # so that there is a request to count
    names = {_plain(family.name, family.type) for family in text_string_to_metric_families(scraped(node))}
    documented = set(re.findall(r"^\| `(isocenter_\w+)", PAGE, re.MULTILINE))
    assert names == documented


def _plain(name: str, kind: str) -> str:
    return f"{name}_total" if kind == "counter" else name


def test_every_stage_and_outcome_is_documented() -> None:
    for stage in Stage:
        assert f"| `{stage.name.lower()}` |" in PAGE
    line = next(line for line in PAGE.splitlines() if "isocenter_ingest_instances_total" in line)
    assert re.findall(r"`(\w+)`", line) == [c.name.lower() for c in Count if c is not Count.BYTES]


def test_metrics_are_told_while_the_numbers_of_the_database_are_late(
    postgres_server: Server, postgres_url: str, tmp_path: Path
) -> None:

    assert postgres_server
    with serving(postgres_url, tmp_path) as node, psycopg.connect(postgres_url) as other:
        other.execute("LOCK TABLE instance IN ACCESS EXCLUSIVE MODE")
        begun = time.monotonic()
        text = scraped(node)
        assert time.monotonic() - begun < 9
        other.rollback()
        assert value(text, "isocenter_stored_instances") is None
        assert value(text, 'isocenter_ready{part="database"}') == 1
        assert value(text, 'isocenter_ingest_seconds_count{stage="total"}') == 0
        assert value(scraped(node), "isocenter_stored_instances") == 0
