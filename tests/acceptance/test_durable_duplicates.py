"""B35: the same SOP Instance UID over two listener processes at the same instant."""

import struct
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from pydicom.uid import CTImageStorage

from tests.acceptance.conftest import MODALITY
from tests.acceptance.peers.kept import keeping
from tests.acceptance.peers.node import Node
from tests.acceptance.peers.processes import server_of
from tests.acceptance.peers.raw import P_DATA_TF, RawScu, pdu, store_rq
from tests.acceptance.peers.series import Made, Series
from tests.waiting import wait_until

pytestmark = pytest.mark.acceptance

_TIMES = 200
DUPLICATE_SOP_INSTANCE = 0x0111
_LAST_BYTES = 100


@pytest.fixture
def node(start_node: Callable[..., Node]) -> Node:
    return start_node(aes=[MODALITY], analysis={"quiet_seconds": 3600})


@pytest.fixture
def pair(node: Node) -> Iterator[tuple[RawScu, RawScu]]:
    """Two associations that different processes serve."""
    listeners = node.children("dicom")
    with ExitStack() as stack:
        by_process: dict[int, RawScu] = {}

        def two_processes() -> bool:
            scu = stack.enter_context(RawScu(node.dicom_port))
            pid = server_of(scu.socket, listeners)
            if pid:
                by_process.setdefault(pid, scu)
            return len(by_process) >= 2

        wait_until(two_processes, what="associations with two processes")
        first, second = by_process.values()
        yield first, second


def _message(made: Made) -> bytes:
    command = store_rq(CTImageStorage.encode(), made.sop_instance_uid.encode())
    return b"".join(
        pdu(P_DATA_TF, struct.pack(">IBB", len(part) + 2, 1, control) + part)
        for control, part in ((3, command), (2, made.data_set))
    )


def _send_at_once(pair: tuple[RawScu, RawScu], objects: tuple[Made, Made]) -> list[int]:
    """Send both but for their ends, then both ends; returns both statuses."""
    messages = [_message(made) for made in objects]
    for scu, message in zip(pair, messages, strict=True):
        scu.socket.sendall(message[:-_LAST_BYTES])
    for scu, message in zip(pair, messages, strict=True):
        scu.socket.sendall(message[-_LAST_BYTES:])
    return [scu.response_status() for scu in pair]


def test_b35_the_same_bytes_are_acknowledged_twice_and_kept_once(node: Node, pair: tuple[RawScu, RawScu]) -> None:
    series = Series()
    made = [series.make() for _ in range(_TIMES)]
    assert [_send_at_once(pair, (each, each)) for each in made] == [[0, 0]] * _TIMES
    with keeping(node.data_dir) as kept:
        rows = kept.rows()
        assert sorted((row.sop_instance_uid, row.sha256()) for row in rows) == sorted(
            (each.sop_instance_uid, each.sha256) for each in made
        )
        # The second file is removed when the answer is on its way.
        wait_until(lambda: kept.files() == {row.path for row in rows}, what="one file for each")


def test_b35_of_other_bytes_the_first_are_kept_and_the_others_refused(node: Node, pair: tuple[RawScu, RawScu]) -> None:
    series, expected = Series(), {}
    for _ in range(_TIMES):
        first = series.make()
        second = series.make(first.sop_instance_uid)
        statuses = _send_at_once(pair, (first, second))
        assert sorted(statuses) == [0, DUPLICATE_SOP_INSTANCE]
        expected[first.sop_instance_uid] = (first, second)[statuses.index(0)].sha256
    with keeping(node.data_dir) as kept:
        rows = kept.rows()
        assert len(rows) == _TIMES
        assert {row.sop_instance_uid: row.sha256() for row in rows} == expected
        assert kept.files() == {row.path for row in rows}
