"""What the node works with is away or hangs: row B40 of the list. A store never waits for any of it."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from isocenter.demo.phantom import PhantomStudy, write_phantom
from tests.acceptance.conftest import MODALITY
from tests.acceptance.peers.dcmtk import Scu
from tests.acceptance.peers.node import Node
from tests.acceptance.peers.redis import RedisServer, running_redis
from tests.acceptance.peers.standstill import stop_worker
from tests.acceptance.peers.witness import store_one
from tests.waiting import wait_until

pytestmark = pytest.mark.acceptance

SUCCESS = 0x0000


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    with running_redis() as server:
        yield server


@pytest.fixture(scope="module")
def module_node(tmp_path_factory: pytest.TempPathFactory, redis: RedisServer) -> Iterator[Node]:
    """A node that is woken by Redis."""
    woken_by = {"url": redis.url}
    node = Node(tmp_path_factory.mktemp("node"), aes=[MODALITY], events=woken_by, queue=woken_by).start()
    yield node
    assert node.stop() == 0


def _assert_stores_are_quick(node: Node) -> None:
    begun = time.monotonic()
    assert [store_one(node) for _ in range(10)] == [SUCCESS] * 10
    assert time.monotonic() - begun < 5


def test_b40_stores_go_on_while_the_worker_hangs_and_its_jobs_end_afterwards(module_node: Node, tmp_path: Path) -> None:
    study = write_phantom(tmp_path, slices=8)
    worker = stop_worker(module_node)
    try:
        _assert_stores_are_quick(module_node)
        assert Scu(module_node.dicom_port).store(study.files).returncode == 0
        assert module_node.study_status(study.study_instance_uid) in ("RECEIVING", "PENDING")
    finally:
        os.kill(worker, signal.SIGCONT)
    module_node.wait_for_status(study.study_instance_uid, "COMPLETE")


def test_b40_stores_and_jobs_go_on_without_redis(module_node: Node, redis: RedisServer, tmp_path: Path) -> None:
    study = write_phantom(tmp_path, slices=8)
    redis.stop()
    _assert_stores_are_quick(module_node)
    assert Scu(module_node.dicom_port).store(study.files).returncode == 0
    module_node.wait_for_status(study.study_instance_uid, "COMPLETE")


def test_b40_an_analysis_that_dies_every_time_ends_as_failed_while_stores_go_on(
    start_node: Callable[..., Node], chest_ct: PhantomStudy
) -> None:
    uid = chest_ct.study_instance_uid
    impatient = {"quiet_seconds": 1, "timeout_seconds": 1, "attempts": 1, "mock": {"delay_seconds": [60, 60]}}
    node = start_node(aes=[MODALITY], analysis=impatient)
    assert Scu(node.dicom_port).store(chest_ct.files).returncode == 0
    wait_until(lambda: "job.analyzing" in [event["type"] for event in node.events(study_uid=uid)], what="an attempt")
    _assert_stores_are_quick(node)
    wait_until(lambda: node.study_status(uid) in ("FAILED", "PARTIAL"), seconds=60, what="a failed study")
    failed = [event for event in node.events(study_uid=uid) if event["type"] == "job.failed"]
    assert failed
    assert all(event["data"]["reason"] for event in failed)
    _assert_stores_are_quick(node)
