"""B60: SIGTERM while modalities send. The node ends by itself, and what it acknowledged is there afterwards."""

import ctypes
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from isocenter.supervisor import DRAIN_SECONDS
from tests.acceptance.conftest import MODALITY
from tests.acceptance.peers.crashes import check_kept
from tests.acceptance.peers.figures import show
from tests.acceptance.peers.node import Node
from tests.acceptance.peers.senders import Senders
from tests.waiting import wait_until

pytestmark = pytest.mark.acceptance


def test_b60_sigterm_under_load_ends_the_node_in_time_and_loses_nothing(start_node: Callable[..., Node]) -> None:
    node = start_node(aes=[MODALITY], analysis={"quiet_seconds": 3600})
    senders = Senders(node.dicom_port, sides=(16, 128, 512))
    with senders.sending():
        wait_until(lambda: len(senders.acknowledged) >= 100, seconds=60, what="some acknowledged objects")
        begun = time.monotonic()
        os.kill(node.pid, signal.SIGTERM)
        assert node.stop() == 0
        seconds = time.monotonic() - begun
        # A sender learns of the end: it did not wait for an answer that never comes.
        wait_until(lambda: all(sender.interruptions for sender in senders.each), seconds=5, what="ended associations")
    show(f"ended after {seconds:.1f} s with {len(senders.acknowledged)} acknowledged objects")
    assert seconds < DRAIN_SECONDS
    assert not senders.refused
    # Nothing was cut in two, so there is nothing to sweep up.
    check_kept(node, senders)
    node.start()
    check_kept(node, senders)


@pytest.mark.parametrize("role", ["dicom", "web", "worker"])
def test_a_signal_that_another_thread_gets_ends_the_process_too(start_node: Callable[..., Node], role: str) -> None:
    """What the main thread waits for must end when a signal came without interrupting it: just before, or elsewhere."""
    node = start_node()
    pid = node.children(role)[0]
    others = [int(path.name) for path in Path(f"/proc/{pid}/task").iterdir() if path.name != str(pid)]
    assert ctypes.CDLL(None, use_errno=True).tgkill(pid, others[0], signal.SIGTERM) == 0
    wait_until(lambda: pid not in node.children(role), seconds=10, what=f"the end of {role}")
