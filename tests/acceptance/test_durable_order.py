"""The order of the system calls: file, name, folder, commit, and only then 0x0000 (docs/explanation/success.md)."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.conftest import MODALITY
from tests.acceptance.peers.dcmtk import missing_tools
from tests.acceptance.peers.durability import Steps, steps_of
from tests.acceptance.peers.figures import show
from tests.acceptance.peers.kept import keeping
from tests.acceptance.peers.node import Node
from tests.acceptance.peers.raw import RawScu
from tests.acceptance.peers.senders import Senders
from tests.acceptance.peers.series import Series
from tests.acceptance.peers.syscalls import Call, parse, traced
from tests.waiting import wait_until

pytestmark = pytest.mark.acceptance

# Today 78 for a small object; a figure that grows unnoticed costs every sender.
_MOST_CALLS = 100


@pytest.fixture
def node(start_node: Callable[..., Node]) -> Node:
    if missing_tools("strace"):
        if os.environ.get("ISOCENTER_REQUIRE_PEERS"):
            pytest.fail("`make test` should have installed strace")
        pytest.skip("strace not installed; `make test` installs it")
    return start_node(aes=[MODALITY], dicom={"processes": 1}, analysis={"quiet_seconds": 3600})


def _steps(node: Node, calls: list[Call], uids: set[str]) -> list[Steps]:
    with keeping(node.data_dir) as kept:
        rows = [row for row in kept.rows() if row.sop_instance_uid in uids]
    assert {row.sop_instance_uid for row in rows} == uids
    database = node.data_dir / "index.sqlite"
    return [steps_of(calls, blob=row.path, database=database, sop_instance_uid=row.sop_instance_uid) for row in rows]


def _calls_for_each(calls: list[Call], steps: list[Steps]) -> float:
    """Count the calls of the threads that served, from the first response to the last."""
    first, last = min(step.answered.ended for step in steps), max(step.answered.ended for step in steps)
    threads = {call.thread for step in steps for call in (step.content_flushed, step.row_flushed, step.answered)}
    counted = sum(first < call.ended <= last and call.thread in threads for call in calls)
    return counted / (len(steps) - 1)


@pytest.mark.parametrize("side", [16, 512], ids=["2 kB", "0.5 MB"])
def test_a_response_follows_the_flush_of_file_folder_and_index(node: Node, tmp_path: Path, side: int) -> None:
    series, sent = Series(side=side), set()
    with traced(node.children(), tmp_path / "trace"), RawScu(node.dicom_port) as scu:
        for _ in range(20):
            made = series.make()
            assert scu.store(made.data_set, sop_instance=made.sop_instance_uid.encode()) == 0
            sent.add(made.sop_instance_uid)
    calls = parse((tmp_path / "trace").read_text().splitlines())
    steps = _steps(node, calls, sent)
    assert [step.out_of_order() for step in steps] == [[]] * len(sent)
    each = _calls_for_each(calls, steps)
    show(f"{each:.0f} system calls for an object of {2 * side * side} bytes of pixels")
    # The sender's PDUs of 16 kB cost the listener a few calls each.
    assert each < _MOST_CALLS + 6 * (2 * side * side / 16000)


def test_a_response_follows_the_flush_that_several_associations_share(node: Node, tmp_path: Path) -> None:
    senders = Senders(node.dicom_port, number=4)
    with traced(node.children(), tmp_path / "trace"), senders.sending():
        wait_until(lambda: len(senders.acknowledged) >= 120, seconds=60, what="120 objects stored under strace")
    calls = parse((tmp_path / "trace").read_text().splitlines())
    steps = _steps(node, calls, set(senders.acknowledged))
    assert [step.out_of_order() for step in steps] == [[]] * len(steps)
    commits = {step.row_flushed.ended for step in steps}
    show(f"{len(steps)} objects, {len(commits)} commits, {_calls_for_each(calls, steps):.0f} system calls for each")
    assert len({step.answered.thread for step in steps}) >= len(senders.each)
