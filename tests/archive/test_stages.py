"""Where the time of an ingest goes, counted over processes."""

import os
import subprocess
import sys
import timeit
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.histograms import SECONDS, Histogram
from archive.stages import Count, Level, Stage, Stages, read_all
from tests.waiting import wait_until

COUNTING = """
import sys
from pathlib import Path
from archive.stages import Count, Level, Stage, Stages
stages = Stages.shared(Path(sys.argv[1]), "dicom")
for line in sys.stdin:
    stages.observe(Stage.FSYNC, 0.003)
    stages.count(Count.STORED)
    stages.level(Level.CONNECTIONS, 5)
"""


@contextmanager
def counting_process(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """Run a process that counts one object for each line it gets."""
    command = [sys.executable, "-c", COUNTING, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def tell(process: "subprocess.Popen[str]", lines: int) -> None:
    assert process.stdin
    process.stdin.write("\n" * lines)
    process.stdin.flush()


def count_often(stages: Stages, times: int) -> None:
    for _ in range(times):
        stages.observe(Stage.TOTAL, 0.001)
        stages.group(2)


def stored(folder: Path) -> int:
    return read_all(folder).count(Count.STORED)


def test_a_time_is_in_the_bucket_whose_bound_it_does_not_exceed() -> None:
    stages = Stages()
    for seconds in (0.000_05, 0.000_051, 0.001, 9.0, 11.0):
        stages.observe(Stage.RENAME, seconds)
    seen = stages.snapshot().stage(Stage.RENAME)
    filled = {bound: count for bound, count in zip((*SECONDS, None), seen.buckets, strict=True) if count}
    assert filled == {0.000_05: 1, 0.000_1: 1, 0.001: 1, 10.0: 1, None: 1}
    assert seen.total == pytest.approx(20.001_101)
    assert seen.cumulative()[-1] == seen.count == 5
    assert stages.snapshot().stage(Stage.FSYNC).count == 0


def test_a_lap_ends_where_the_next_one_begins() -> None:
    stages = Stages()
    end = stages.lap(Stage.HEADER, 0.0)
    assert stages.lap(Stage.FSYNC, end) > end
    snapshot = stages.snapshot()
    assert snapshot.stage(Stage.HEADER).total == pytest.approx(end)
    assert snapshot.stage(Stage.FSYNC).total < 1


def test_counts_levels_and_group_sizes_do_not_touch_each_other() -> None:
    stages = Stages()
    stages.group(1)
    stages.group(3)
    stages.group(200)
    stages.count(Count.STORED, 204)
    stages.count(Count.BYTES, 1 << 40)
    stages.level(Level.WAITING, 7)
    stages.level(Level.WAITING, 2)
    snapshot = stages.snapshot()
    assert snapshot.groups().buckets == (1, 0, 1, 0, 0, 0, 0, 0, 1)
    assert snapshot.groups().total == 204
    assert [snapshot.count(what) for what in Count] == [204, 0, 0, 0, 0, 1 << 40]
    assert [snapshot.level(what) for what in Level] == [0, 0, 2]


def test_no_count_of_concurrent_threads_is_lost() -> None:
    stages = Stages()
    pause = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(8) as threads:
            for _ in range(8):
                threads.submit(count_often, stages, 2_000)
    finally:
        sys.setswitchinterval(pause)
    assert stages.snapshot().stage(Stage.TOTAL).count == 16_000
    assert stages.snapshot().stage(Stage.TOTAL).total == pytest.approx(16)
    assert stages.snapshot().groups().total == 32_000


def test_an_observation_costs_less_than_a_microsecond() -> None:
    stages = Stages()
    # The best of many short runs: whatever else this machine does is not ours.
    best = min(timeit.repeat(lambda: stages.observe(Stage.FSYNC, 0.000_4), number=500, repeat=200)) / 500
    assert best < 1e-6


@given(st.lists(st.floats(0, 9.9), min_size=1), st.floats(0, 1))
def test_a_quantile_is_in_the_bucket_of_the_true_one(times: list[float], share: float) -> None:
    stages = Stages()
    for seconds in times:
        stages.observe(Stage.TOTAL, seconds)
    true = sorted(times)[min(max(round(share * len(times) + 0.499_999) - 1, 0), len(times) - 1)]
    estimate = stages.snapshot().stage(Stage.TOTAL).quantile(share)
    assert estimate is not None
    upper = next(bound for bound in SECONDS if bound >= true)
    assert estimate <= upper * (1 + 1e-9)


def test_quantiles_of_a_known_distribution() -> None:
    even = Histogram(bounds=(1.0, 2.0, 4.0), buckets=(50, 40, 10, 0), total=150)
    assert even.quantile(0.5) == 1.0
    assert even.quantile(0.7) == 1.5
    assert even.quantile(0.99) == pytest.approx(3.8)
    assert Histogram(bounds=(1.0,), buckets=(0, 3), total=9).quantile(0.5) == 1.0
    assert Histogram(bounds=(1.0,), buckets=(0, 0), total=0).quantile(0.5) is None


def test_two_processes_are_added_up_while_they_work(tmp_path: Path) -> None:
    with counting_process(tmp_path) as one, counting_process(tmp_path) as other:
        tell(one, 20)
        tell(other, 22)
        wait_until(lambda: stored(tmp_path) == 42, what="the sum of both")
        snapshot = read_all(tmp_path)
    assert snapshot.stage(Stage.FSYNC).count == 42
    assert snapshot.stage(Stage.FSYNC).total == pytest.approx(42 * 0.003)
    assert snapshot.level(Level.CONNECTIONS) == 10
    assert len(list(tmp_path.iterdir())) == 2


def test_what_a_killed_process_counted_stays_and_its_levels_go(tmp_path: Path) -> None:
    with counting_process(tmp_path) as killed:
        tell(killed, 9)
        wait_until(lambda: stored(tmp_path) == 9)
        killed.kill()
        killed.wait()
        assert stored(tmp_path) == 9
        assert read_all(tmp_path).level(Level.CONNECTIONS) == 0


def test_the_next_process_of_a_role_counts_on_in_the_same_file(tmp_path: Path) -> None:
    for total in (3, 6, 9):
        with counting_process(tmp_path) as process:
            tell(process, 3)
            wait_until(lambda expected=total: stored(tmp_path) == expected)  # type: ignore[misc]  # a bound default
    assert [path.name for path in tmp_path.iterdir()] == ["dicom-1.stages"]


def test_what_is_counted_last_is_written_at_the_end(tmp_path: Path) -> None:
    with Stages.shared(tmp_path, "web") as stages:
        stages.count(Count.REFUSED)
        stages.level(Level.WAITING, 3)
    assert read_all(tmp_path).count(Count.REFUSED) == 1
    assert read_all(tmp_path).level(Level.WAITING) == 0


def test_a_file_of_another_version_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "web-1.stages").write_bytes(b"stages00" + bytes(100))
    assert stored(tmp_path) == 0
    with Stages.shared(tmp_path, "web") as stages:
        stages.count(Count.STORED)
    assert stored(tmp_path) == 1


def test_nothing_is_counted_where_nobody_counted(tmp_path: Path) -> None:
    assert stored(tmp_path / "missing") == 0


def test_a_disk_that_refuses_the_file_does_not_stop_the_counting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Stages.shared(tmp_path, "web") as stages:
        refused: list[int] = []

        def refuse(descriptor: int, _content: bytes, _offset: int) -> int:
            refused.append(descriptor)
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(os, "pwrite", refuse)
            stages.count(Count.STORED)
            wait_until(lambda: refused)
        wait_until(lambda: stored(tmp_path) == 1, what="the next attempt")
