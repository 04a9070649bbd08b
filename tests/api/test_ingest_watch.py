"""How fast objects came in lately, and where their time went."""

import asyncio
from pathlib import Path

import pytest

from access.permissions import Role
from api.ingest_watch import IngestWatch, Recent
from archive.stages import Count, Stage, Stages, folder_of
from tests.api.serving import Served
from tests.waiting import wait_until


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def watched(folder: Path, *, sent: list[tuple[float, int]], at: float) -> Recent:
    """Return what is recent at a time, when so many objects were sent at those times; somebody looked at each."""
    clock = Clock()
    watch = IngestWatch(lambda: folder, clock)

    async def run() -> Recent:
        for moment, number in sent:
            with Stages.shared(folder, "dicom") as stages:
                for _ in range(number):
                    stages.observe(Stage.COMMIT, 0.003)
                    stages.count(Count.STORED)
            clock.now = moment
            watch._samples.append(await watch._look())
        clock.now = at
        return await watch.recent()

    return asyncio.run(run())


def test_the_rate_is_that_of_the_last_minute(tmp_path: Path) -> None:
    recent = watched(tmp_path, sent=[(0, 1000), (10, 300), (40, 300), (60, 0)], at=60)
    assert recent.rate == pytest.approx(10)
    later = watched(tmp_path / "later", sent=[(0, 0), (10, 300), (45, 300), (60, 0)], at=70)
    assert later.rate == pytest.approx(5)


def test_what_was_counted_before_this_process_is_not_recent(tmp_path: Path) -> None:
    recent = watched(tmp_path, sent=[(0, 500)], at=30)
    assert recent == Recent(rate=0, refused=0, stages={})


def test_the_stages_are_those_of_the_last_ten_minutes(tmp_path: Path) -> None:
    recent = watched(tmp_path, sent=[(0, 5), (100, 7), (300, 11), (690, 13)], at=700)
    assert recent.stages.keys() == {Stage.COMMIT}
    assert recent.stages[Stage.COMMIT].count == 11 + 13


def test_statistics_tell_rate_and_stages(node: Served) -> None:
    with node.as_role(Role.CLINICIAN) as client:
        quiet = client.get("/api/v1/statistics").json()["ingest"]
        assert quiet == {"rate": 0.0, "refused": 0, "stages": {}}
        with Stages.shared(folder_of(node.settings.data_dir), "dicom") as stages:
            for _ in range(100):
                stages.observe(Stage.FSYNC, 0.0015)
                stages.count(Count.STORED)
            stages.count(Count.REFUSED, 2)
        ingest = wait_until(
            lambda: (found := client.get("/api/v1/statistics").json()["ingest"])["stages"] and found, what="stages"
        )
    assert ingest["rate"] > 0
    assert ingest["refused"] == 2
    assert ingest["stages"] == {"fsync": {"count": 100, "p50_ms": 1.5, "p99_ms": 1.99}}
