"""Connections that say nothing and associations beyond the limits: rows B22, B23 and B25 of the list."""

import socket
import ssl
import time
from collections.abc import Iterator

import pytest
from pynetdicom import AE
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]  # made at run time

from tests.acceptance.conftest import MODALITY
from tests.acceptance.peers.node import Node
from tests.acceptance.peers.raw import A_ASSOCIATE_AC, RawScu
from tests.acceptance.peers.witness import Witness
from tests.certificates import Authority
from tests.waiting import free_port, wait_until

pytestmark = pytest.mark.acceptance

ARTIM_SECONDS = 3
TOTAL, OF_ONE_PEER = 6, 4
LIMIT_EXCEEDED = (2, 3, 2)
OTHER = {"name": "MODALITY2", "ae_title": "MODALITY2", "host": "127.0.0.1", "port": 104, "results": False}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"), "hospital")


@pytest.fixture(scope="module")
def tls_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def module_node(tmp_path_factory: pytest.TempPathFactory, authority: Authority, tls_port: int) -> Iterator[Node]:
    """A node with few slots, little patience and a TLS port."""
    identity = authority.issue("node")
    limits = {"max_associations": TOTAL, "max_associations_per_peer": OF_ONE_PEER, "artim_seconds": ARTIM_SECONDS}
    tls = {"port": tls_port, "cert": str(identity.cert), "key": str(identity.key)}
    node = Node(
        tmp_path_factory.mktemp("node"),
        aes=[MODALITY, OTHER],
        analysis={"quiet_seconds": 3600},
        dicom={**limits, "tls": tls},
    ).start()
    yield node
    assert node.stop() == 0


@pytest.fixture
def witness(module_node: Node) -> Iterator[Witness]:
    with Witness(module_node) as seen:
        yield seen


def echo(port: int, authority: Authority | None = None) -> None:
    """C-ECHO in less than a second, over TLS where an authority is given."""
    ae = AE(ae_title="MODALITY1")
    ae.add_requested_context(Verification)
    context = ssl.create_default_context(cafile=authority.cert) if authority else None
    begun = time.monotonic()
    tls = (context, "127.0.0.1") if context else None
    association = ae.associate("127.0.0.1", port, ae_title="ISOCENTER", tls_args=tls)
    assert association.is_established
    assert association.send_c_echo().Status == 0
    assert time.monotonic() - begun < 1
    association.release()


def is_closed(connection: socket.socket) -> bool:
    connection.settimeout(0)
    try:
        return connection.recv(1) == b""
    except BlockingIOError:
        return False


def silent(port: int, count: int) -> list[socket.socket]:
    return [socket.create_connection(("127.0.0.1", port), timeout=20) for _ in range(count)]


@pytest.mark.parametrize("count", [1, 100])
@pytest.mark.parametrize("secured", [False, True], ids=["plain", "tls"])
def test_b22_b23_silent_connections_are_closed_at_artim_and_block_nobody(
    *, witness: Witness, module_node: Node, authority: Authority, tls_port: int, secured: bool, count: int
) -> None:
    witness.expect("connection_lost", "silent for too long")
    begun = time.monotonic()
    connections = silent(tls_port if secured else module_node.dicom_port, count)
    echo(module_node.dicom_port)
    echo(tls_port, authority)
    assert not any(map(is_closed, connections))
    wait_until(lambda: all(map(is_closed, connections)), seconds=ARTIM_SECONDS + 2, what="the end of the silent ones")
    assert time.monotonic() - begun > ARTIM_SECONDS - 0.5
    for connection in connections:
        connection.close()


def test_b23_a_tls_handshake_that_stops_is_ended_at_artim(
    witness: Witness, module_node: Node, authority: Authority, tls_port: int
) -> None:
    # The log of what ends a handshake differs with OpenSSL's versions: its event is enough.
    witness.expect("connection_lost")
    [connection] = silent(tls_port, 1)
    # The beginning of a ClientHello: its record is announced with 512 bytes (RFC 8446 Section 5.1).
    connection.sendall(b"\x16\x03\x01\x02\x00\x01")
    echo(tls_port, authority)
    echo(module_node.dicom_port)
    wait_until(lambda: is_closed(connection), seconds=ARTIM_SECONDS + 2, what="the end of the handshake")
    connection.close()


@pytest.fixture
def opened() -> Iterator[list[RawScu]]:
    """Associations that end with the test."""
    associations: list[RawScu] = []
    yield associations
    for association in associations:
        association.socket.close()


@pytest.mark.parametrize(
    ("limit", "peers", "beyond"),
    [
        (OF_ONE_PEER, [("MODALITY1", "127.0.0.2"), ("MODALITY1", "127.0.0.3")], ("MODALITY1", "127.0.0.4")),
        (OF_ONE_PEER, [("MODALITY1", "127.0.0.2"), ("MODALITY2", "127.0.0.2")], ("MODALITY1", "127.0.0.2")),
        (TOTAL, [("MODALITY1", "127.0.0.2"), ("MODALITY2", "127.0.0.3")], ("MODALITY2", "127.0.0.4")),
    ],
    ids=["of an AE title", "of an address", "of the node"],
)
def test_b25_associations_beyond_a_limit_are_rejected_for_now_and_on_record(
    *,
    witness: Witness,
    module_node: Node,
    opened: list[RawScu],
    limit: int,
    peers: list[tuple[str, str]],
    beyond: tuple[str, str],
) -> None:
    witness.expect("association_rejected", "local limit exceeded")
    for number in range(limit):
        opened.append(associate(module_node, *peers[number % len(peers)]))
        assert opened[-1].answer == A_ASSOCIATE_AC
    opened.append(associate(module_node, *beyond))
    assert opened[-1].rejection == LIMIT_EXCEEDED
    record = module_node.get("/api/v1/associations", state="rejected", limit=1)["items"][0]
    assert record["reason"].startswith("2/3/2 ")
    assert (record["calling_ae_title"], record["address"]) == beyond
    for association in opened:
        association.socket.close()
    wait_until(lambda: room_for(module_node, *beyond), what="a slot for who was refused")


def associate(node: Node, calling: str, address: str) -> RawScu:
    return RawScu(node.dicom_port, calling=calling.encode(), address=address)


def room_for(node: Node, calling: str, address: str) -> bool:
    with associate(node, calling, address) as again:
        return again.answer == A_ASSOCIATE_AC
