"""What every stream must do, over plain TCP and inside TLS."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from time import monotonic

import pytest

from config.sections import TlsSettings
from routing.errors import ConnectionLost, TimedOut
from routing.stream import SocketStream, Stream
from routing.tls import accept_tls
from routing.tls_contexts import acceptor_context
from tests.certificates import Authority, Identity
from tests.waiting import wait_until


@dataclass
class Pair:
    """A stream, and the socket at its other end."""

    stream: Stream
    peer: socket.socket


@pytest.fixture(params=["plain", "tls"])
def pair(request: pytest.FixtureRequest, authority: Authority, identity: Identity) -> Iterator[Pair]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        peer = socket.create_connection(listening.getsockname(), timeout=20)
        connection, _ = listening.accept()
    if request.param == "plain":
        made = Pair(SocketStream(connection, write_seconds=1), peer)
    else:
        made = _over_tls(connection, peer, authority, identity)
    yield made
    made.stream.close()
    made.peer.close()


def _over_tls(connection: socket.socket, peer: socket.socket, authority: Authority, identity: Identity) -> Pair:
    context = acceptor_context(TlsSettings(cert=identity.cert, key=identity.key))
    stream = accept_tls(connection, context)
    stream._write_seconds = 1
    client = ssl.create_default_context(cafile=authority.cert)
    with ThreadPoolExecutor(1) as pool:
        secured = pool.submit(client.wrap_socket, peer, server_hostname="localhost")
        stream.shake_hands(20)
        return Pair(stream, secured.result())


def _send_in_pieces(peer: socket.socket, data: bytes) -> None:
    for at in range(0, len(data), 7001):
        peer.sendall(data[at : at + 7001])


def test_what_is_sent_in_pieces_is_read_whole(pair: Pair) -> None:
    sent = bytes(range(256)) * 4000
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(_send_in_pieces, pair.peer, sent)
        room = bytearray(len(sent))
        pair.stream.read_exactly(memoryview(room), 20)
        sending.result()
    assert room == sent


def test_as_much_as_is_there_is_read_and_no_more(pair: Pair) -> None:
    pair.peer.sendall(b"abcdefgh")
    room = bytearray(100)
    assert pair.stream.read_some(memoryview(room), 8, 20) == 8
    assert room[:8] == b"abcdefgh"


def test_what_is_written_arrives_whole(pair: Pair) -> None:
    data = bytes(range(256)) * 4000
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(lambda: b"".join(iter(lambda: pair.peer.recv(65536), b"")))
        pair.stream.write(data[:100_000], more=True)
        pair.stream.write(memoryview(data)[100_000:])
        pair.stream.close()
        assert reading.result() == data


def test_a_silent_peer_is_given_up_at_the_deadline(pair: Pair) -> None:
    begun = monotonic()
    with pytest.raises(TimedOut):
        pair.stream.read_exactly(memoryview(bytearray(6)), 0.3)
    assert 0.25 < monotonic() - begun < 3


def test_a_peer_that_drips_gains_no_time(pair: Pair) -> None:
    ended = threading.Event()

    def drip() -> None:
        while not ended.wait(0.05):
            pair.peer.sendall(b"x")

    with ThreadPoolExecutor(1) as pool:
        dripping = pool.submit(drip)
        begun = monotonic()
        with pytest.raises(TimedOut):
            pair.stream.read_exactly(memoryview(bytearray(1000)), 0.5)
        taken = monotonic() - begun
        ended.set()
        dripping.result()
    assert taken < 3


def test_the_end_is_a_lost_connection(pair: Pair) -> None:
    pair.peer.close()
    with pytest.raises(ConnectionLost, match="closed"):
        pair.stream.read_exactly(memoryview(bytearray(6)), 20)


def test_readable_tells_of_data_and_of_the_end(pair: Pair) -> None:
    assert not pair.stream.readable()
    pair.peer.sendall(b"abc")
    wait_until(pair.stream.readable, what="data")
    room = bytearray(2)
    pair.stream.read_exactly(memoryview(room), 20)
    assert room == b"ab"
    assert pair.stream.readable()
    room = bytearray(1)
    pair.stream.read_exactly(memoryview(room), 20)
    assert room == b"c"
    assert not pair.stream.readable()
    pair.peer.close()
    wait_until(pair.stream.readable, what="the end")


def test_a_read_that_waits_is_ended_and_writing_goes_on(pair: Pair) -> None:
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(pair.stream.read_exactly, memoryview(bytearray(6)), 20)
        pair.stream.stop_reading()
        with pytest.raises(ConnectionLost):
            reading.result(5)
    pair.stream.write(b"last words")
    pair.stream.close()
    assert b"".join(iter(lambda: pair.peer.recv(100), b"")) == b"last words"


def test_a_closed_stream_is_a_lost_connection(pair: Pair) -> None:
    pair.stream.close()
    pair.stream.close()
    pair.stream.stop_reading()
    with pytest.raises(ConnectionLost):
        pair.stream.write(b"x")
    with pytest.raises(ConnectionLost):
        pair.stream.read_exactly(memoryview(bytearray(1)), 20)


def test_last_words_arrive_although_the_peer_was_still_talking(pair: Pair) -> None:
    pair.peer.sendall(bytes(20_000))
    pair.stream.write(b"last words")
    pair.stream.close()
    assert b"".join(iter(lambda: pair.peer.recv(100), b"")) == b"last words"


def _fill(stream: Stream) -> None:
    for _ in range(1000):
        stream.write(bytes(100_000))


@pytest.mark.parametrize("end", [lambda pair: pair.stream.close(), lambda _: None], ids=["closed", "left"])
def test_a_peer_that_never_reads_does_not_hold_a_writer_for_ever(pair: Pair, end: Callable[[Pair], None]) -> None:
    begun = monotonic()
    with pytest.raises(TimedOut):
        _fill(pair.stream)
    end(pair)
    assert monotonic() - begun < 10
