"""Senders that vanish, stall and come in thousands: row B36 of the list, and what has leaked elsewhere."""

import signal
import socket
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.acceptance.conftest import MODALITY
from tests.acceptance.peers.node import Node
from tests.acceptance.peers.raw import A_ABORT, A_ASSOCIATE_AC, P_DATA_TF, RawScu, p_data, pdu, store_rq
from tests.acceptance.peers.witness import Witness, resident_bytes
from tests.waiting import wait_until

pytestmark = pytest.mark.acceptance

MEBIBYTE = 1 << 20
# All that one AE may have.
SLOTS = 4
ARTIM_SECONDS, IDLE_SECONDS = 2, 3
CT = b"1.2.840.10008.5.1.4.1.1.2"
LIMIT_EXCEEDED = (2, 3, 2)


@pytest.fixture(scope="module")
def module_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A node with few slots and little patience."""
    dicom = {"artim_seconds": ARTIM_SECONDS, "idle_seconds": IDLE_SECONDS, "max_associations_per_peer": SLOTS}
    node = Node(tmp_path_factory.mktemp("node"), aes=[MODALITY], analysis={"quiet_seconds": 3600}, dicom=dicom).start()
    yield node
    assert node.stop() == 0


@pytest.fixture
def opened() -> Iterator[list[RawScu]]:
    """Associations that end with the test."""
    associations: list[RawScu] = []
    yield associations
    for association in associations:
        association.socket.close()


@pytest.fixture
def witness(module_node: Node) -> Iterator[Witness]:
    with Witness(module_node) as seen:
        yield seen


def _in_the_middle(node: Node) -> RawScu:
    """Begin to send an object."""
    scu = RawScu(node.dicom_port)
    assert scu.answer == A_ASSOCIATE_AC
    scu.send_fragments(1, 1, store_rq(CT, b"1.2.3.36"))
    scu.socket.sendall(p_data(1, 0, bytes(100_000)))
    # Half a PDU more, so that the node waits inside one.
    scu.socket.sendall(struct.pack(">BxI", P_DATA_TF, 5_000) + bytes(100))
    return scu


def _abort(scu: RawScu) -> None:
    scu.socket.shutdown(socket.SHUT_WR)
    scu.socket.close()


def _abort_between_fragments(scu: RawScu) -> None:
    scu.socket.sendall(bytes(4_900) + pdu(A_ABORT, bytes(4)))
    scu.socket.close()


def _reset(scu: RawScu) -> None:
    scu.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    scu.socket.close()


def _kill_9(scu: RawScu) -> None:
    # A process that holds the only other end: when it is killed, the kernel ends the connection for it.
    holder = subprocess.Popen(["sleep", "60"], pass_fds=(scu.socket.fileno(),))
    scu.socket.close()
    holder.send_signal(signal.SIGKILL)
    holder.wait()


@pytest.mark.parametrize("vanish", [_abort, _abort_between_fragments, _reset, _kill_9])
def test_b36_senders_that_vanish_leave_nothing_and_their_slots_are_free_at_once(
    witness: Witness, module_node: Node, opened: list[RawScu], vanish: Callable[[RawScu], None]
) -> None:
    witness.expect("association_closed")
    opened.extend(_in_the_middle(module_node) for _ in range(SLOTS))
    wait_until(lambda: len(list(module_node.data_dir.rglob("*.part"))) == SLOTS, what="a file for each object")
    with RawScu(module_node.dicom_port) as one_more:
        assert one_more.rejection == LIMIT_EXCEEDED
    begun = time.monotonic()
    for sender in tuple(opened):
        vanish(sender)
    opened.extend(wait_until(lambda: _associated(module_node), seconds=2) for _ in range(SLOTS))
    assert time.monotonic() - begun < 1


def _associated(node: Node) -> RawScu | None:
    scu = RawScu(node.dicom_port)
    if scu.answer == A_ASSOCIATE_AC:
        return scu
    scu.socket.close()
    return None


def test_history_20_associations_that_stall_do_not_keep_their_slots(
    witness: Witness, module_node: Node, opened: list[RawScu]
) -> None:
    witness.expect("association_closed", "too long")
    opened.extend(_in_the_middle(module_node) for _ in range(SLOTS // 2))
    opened.extend(RawScu(module_node.dicom_port) for _ in range(SLOTS - SLOTS // 2))
    begun = time.monotonic()
    with RawScu(module_node.dicom_port) as one_more:
        assert one_more.rejection == LIMIT_EXCEEDED
    opened.append(wait_until(lambda: _associated(module_node), seconds=IDLE_SECONDS + 2, what="a free slot"))
    assert time.monotonic() - begun > IDLE_SECONDS - 1


def _connect_and_close(node: Node, count: int) -> None:
    for _ in range(count):
        socket.create_connection(("127.0.0.1", node.dicom_port), timeout=20).close()


def _hello_and_goodbye(node: Node, count: int) -> None:
    """Associate and hang up, or send something else and hang up, as load balancers and scanners of ports do."""
    for number in range(count):
        if number % 2:
            RawScu(node.dicom_port, calling=b"STRANGER").socket.close()
        else:
            with socket.create_connection(("127.0.0.1", node.dicom_port), timeout=20) as connection:
                connection.sendall(b"GET / HTTP/1.0\r\n\r\n")


@pytest.mark.parametrize(("visit", "count"), [(_connect_and_close, 2_000), (_hello_and_goodbye, 400)])
def test_history_14_thousands_of_short_visits_leave_no_memory_and_no_descriptor_behind(
    witness: Witness, module_node: Node, visit: Callable[[Node, int], None], count: int
) -> None:
    witness.expect("connection_lost" if visit is _connect_and_close else "connection_refused")
    visit(module_node, count // 4)
    _let_it_settle(witness)
    before = [(resident_bytes(pid), _descriptors(pid)) for pid in module_node.children("dicom")]
    visit(module_node, count)
    _let_it_settle(witness)
    for pid, (resident, descriptors) in zip(module_node.children("dicom"), before, strict=True):
        assert resident_bytes(pid) - resident < 8 * MEBIBYTE
        assert _descriptors(pid) <= descriptors + 2


def _let_it_settle(witness: Witness) -> None:
    # An association of an object too: what it needs once is there before anything is compared.
    assert witness.store() == 0
    pids = witness.node.children("dicom")
    wait_until(lambda: all(_sockets(pid) <= _LISTENING for pid in pids), what="the end of all connections")


_LISTENING = 2


def _sockets(pid: int) -> int:
    """Count the TCP connections of a process, those it listens on too."""
    done = subprocess.run(["ss", "-Htanp"], capture_output=True, text=True, check=True)
    return sum(f"pid={pid}," in line for line in done.stdout.splitlines())


def _descriptors(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))
