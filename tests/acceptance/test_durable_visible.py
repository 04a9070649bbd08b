"""What was acknowledged is found: within 2 s of the last response, and while more arrives."""

import itertools
import time
from collections.abc import Callable

import pytest

from tests.acceptance.conftest import MODALITY
from tests.acceptance.peers.figures import show
from tests.acceptance.peers.finding import c_find, qido, qido_count
from tests.acceptance.peers.node import Node
from tests.acceptance.peers.senders import Senders

pytestmark = pytest.mark.acceptance

_INSTANCES = 2000
_MOST_SECONDS = 2.0


def test_a_burst_is_found_within_two_seconds_and_while_it_goes_on(start_node: Callable[..., Node]) -> None:
    node = start_node(aes=[MODALITY], analysis={"quiet_seconds": 3600})
    senders, looks = Senders(node.dicom_port), 0
    with senders.sending():
        for sender in itertools.cycle(senders.each):
            if len(senders.acknowledged) >= _INSTANCES:
                break
            acknowledged = set(sender.acknowledged)
            assert acknowledged <= _found(c_find(node.dicom_port, sender.series[0]))
            assert acknowledged <= _found(qido(node, sender.series[0]))
            looks += 1
    ended = time.monotonic()
    assert not senders.refused
    expected = {series.study_instance_uid: len(s.acknowledged) for s in senders.each for series in s.series}
    assert {study: qido_count(node, study) for study in expected} == expected
    by_c_find = [uid for series in senders.series for uid in c_find(node.dicom_port, series)]
    seconds = time.monotonic() - ended
    by_qido = [uid for series in senders.series for uid in qido(node, series)]
    show(f"{len(by_c_find)} counted by QIDO-RS and listed by C-FIND {seconds:.2f} s after the last response")
    show(f"listed by QIDO-RS {time.monotonic() - ended - seconds:.2f} s later; looked {looks} times before, all there")
    assert sorted(by_c_find) == sorted(by_qido) == sorted(senders.acknowledged)
    assert seconds < _MOST_SECONDS


def _found(uids: list[str]) -> set[str]:
    assert len(uids) == len(set(uids))
    return set(uids)
