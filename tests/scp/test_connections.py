"""Connections without an association: counted apart, dropped when there are too many, and who accepts which."""

import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from archive.database import Database
from archive.tables import association
from tests.scp.running import Node
from tests.scp.wire import IMPLICIT, VERIFICATION, Wire, echo_rq
from tests.waiting import wait_until

_HOLDERS = select(association.c.listener).where(association.c.state == "open")
ECHO = {1: (VERIFICATION, (IMPLICIT,))}


def is_closed(connection: socket.socket) -> bool:
    """Tell whether the other side has closed by now."""
    connection.settimeout(0)
    try:
        return connection.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


def echo(node: Node, address: str = "127.0.0.1") -> Wire:
    wire = Wire(node.connect(address))
    wire.associate(ECHO)
    wire.command(1, echo_rq())
    assert wire.status() == 0
    return wire


def test_silent_connections_take_no_association_slots(make_node: Callable[..., Node]) -> None:
    node = make_node(max_associations=2, max_connections=100)
    silent = [node.connect() for _ in range(50)]
    for wire in [echo(node), echo(node)]:
        wire.close()
    for connection in silent:
        assert not is_closed(connection)
        connection.close()


def test_associations_take_no_place_from_connections(make_node: Callable[..., Node]) -> None:
    node = make_node(max_connections=1)
    wires = [echo(node) for _ in range(5)]
    for wire in wires:
        wire.close()


def test_beyond_the_limit_who_was_silent_longest_is_closed_at_once(make_node: Callable[..., Node]) -> None:
    node = make_node(max_connections=10, artim_seconds=30.0)
    with capture_logs() as logs:
        silent = [node.connect() for _ in range(30)]
        wait_until(lambda: sum(map(is_closed, silent)) == 20, seconds=5, what="the end of 20 connections")
    assert [is_closed(connection) for connection in silent] == [True] * 20 + [False] * 10
    warnings = [entry for entry in logs if entry["event"] == "connection_dropped"]
    assert len(warnings) in {1, 2}, "at most one a second"
    echo(node).close()
    for connection in silent:
        connection.close()


def test_an_address_with_many_silent_connections_closes_its_own(make_node: Callable[..., Node]) -> None:
    node = make_node(max_connections=10, artim_seconds=30.0)
    others = [node.connect("127.0.0.2") for _ in range(3)]
    silent = [node.connect() for _ in range(30)]
    wait_until(lambda: sum(map(is_closed, silent)) == 23, seconds=5, what="the end of 23 connections")
    assert not any(map(is_closed, others))
    for connection in [*others, *silent]:
        connection.close()


def test_an_address_has_half_of_the_places_at_most_for_requests_that_do_not_end(
    make_node: Callable[..., Node],
) -> None:
    node = make_node(max_connections=10, artim_seconds=30.0)
    slow = [node.connect() for _ in range(8)]
    for connection in slow:
        connection.sendall(b"\x01")
    wait_until(lambda: sum(map(is_closed, slow)) == 3, seconds=5, what="the end of those beyond half")
    echo(node, "127.0.0.2").close()
    for connection in slow:
        connection.close()
    # Their places are free again.
    wait_until(lambda: not node.listener._open, what="the end of all")
    echo(node).close()


def test_a_thousand_silent_connections_do_not_keep_anybody_out(make_node: Callable[..., Node]) -> None:
    node = make_node(artim_seconds=30.0)
    silent = [node.connect() for _ in range(1100)]
    begun = monotonic()
    echo(node).close()
    assert monotonic() - begun < 1
    for connection in silent:
        connection.close()
    wait_until(lambda: not node.listener._silent, what="the end of all")


def test_connections_come_and_go_without_a_trace(node: Node) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(300):
        node.connect().close()
    wait_until(lambda: len(list(Path("/proc/self/fd").iterdir())) <= before, what="all descriptors closed")
    words = node.slots.load._ledger
    assert (words.connections[words.owner - 1], words.half_open[words.owner - 1]) == (1, 0)


@pytest.mark.parametrize("limit", ["max_associations", "max_associations_per_peer"])
def test_too_many_associations_are_rejected_for_now(make_node: Callable[..., Node], limit: str) -> None:
    node = make_node(**{limit: 2})
    wires = [echo(node), echo(node)]
    third = Wire(node.connect())
    third.request(ECHO)
    kind, body = third.pdu()
    assert (kind, tuple(body[1:4])) == (3, (2, 3, 2))
    for wire in [*wires, third]:
        wire.close()


SHARING = """
import signal, socket, sys
from pathlib import Path
from tests.scp.running import start_node
node, stop = start_node(Path(sys.argv[1]), sys.argv[2], listening=socket.socket(fileno=int(sys.argv[3])))
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
print("ready", flush=True)
signal.sigwait({signal.SIGTERM})
stop()
"""


@pytest.fixture
def port(tmp_path: Path, sqlite_url: str) -> Iterator[int]:
    """Run two listener processes that share a port, as under a supervisor."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=100)
    listening.set_inheritable(True)
    arguments = [str(tmp_path), sqlite_url, str(listening.fileno())]
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", SHARING, *arguments],
            stdout=subprocess.PIPE,
            text=True,
            pass_fds=[listening.fileno()],
            cwd=Path(__file__).parents[2],
        )
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    yield listening.getsockname()[1]
    listening.close()
    for process in processes:
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        assert process.stdout
        process.stdout.close()


def accepted_by(sqlite_url: str) -> Counter[str]:
    """Count the open associations by the process that holds them."""
    with Database(sqlite_url) as database:
        return Counter(database.read(lambda connection: connection.execute(_HOLDERS).scalars().all()))


def associate(port: int) -> Wire:
    wire = Wire(socket.create_connection(("127.0.0.1", port), timeout=20))
    wire.associate(ECHO)
    return wire


def test_associations_opened_one_by_one_spread_evenly(port: int, sqlite_url: str) -> None:
    wires = [associate(port) for _ in range(8)]
    # Even but for one: the other process may not have had a core.
    assert min(accepted_by(sqlite_url).values()) >= 3
    for wire in wires:
        wire.close()


def test_associations_opened_at_once_spread_evenly(port: int, sqlite_url: str) -> None:
    wires = [Wire(socket.create_connection(("127.0.0.1", port), timeout=20)) for _ in range(8)]
    for wire in wires:
        wire.request(ECHO)
    for wire in wires:
        assert wire.pdu()[0] == 2
    assert min(accepted_by(sqlite_url).values()) >= 3
    for wire in wires:
        wire.close()


def test_a_place_that_becomes_free_in_one_process_is_used_again(port: int, sqlite_url: str) -> None:
    for _ in range(3):
        wires = [associate(port) for _ in range(4)]
        assert sorted(accepted_by(sqlite_url).values()) in ([2, 2], [1, 3])
        for wire in wires:
            wire.close()
        wait_until(lambda: not accepted_by(sqlite_url), what="the end of all")
