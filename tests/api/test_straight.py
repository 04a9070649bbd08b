"""Large answers that a thread puts into the socket: whole, in order, and in nobody's way."""

import asyncio
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import uvloop
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from api.server import server
from archive.file_spans import Piece, file_span
from dicomweb.straight import StraightResponse
from tests.waiting import wait_until

# More than the kernel holds for a client that does not read.
LARGE = 48 << 20


class Service:
    """A server of one file, whole and in parts, and of what else is asked meanwhile."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.content = file.read_bytes()
        self.finished: list[str] = []
        self.http = server(Starlette(routes=[Route("/{kind}", self._answer)]))
        self.port = 0

    async def _answer(self, request: Request) -> Response:
        kind = request.path_params["kind"]
        if kind == "thread":
            return PlainTextResponse(await run_in_threadpool(lambda: "here"))
        pieces, length = {
            "file": (self._file(kind), len(self.content)),
            "parts": (self._parts(kind), 3 * len(self.content) + 12),
            "short": (self._short(kind), len(self.content) + 1),
            "empty": (iter([b""]), 0),
        }[kind]
        return StraightResponse(pieces, length, media_type="application/octet-stream")

    def _file(self, name: str) -> Iterator[Piece]:
        try:
            yield from file_span(self.file, 0, len(self.content))
        finally:
            self.finished.append(name)

    def _parts(self, name: str) -> Iterator[Piece]:
        for number in range(3):
            yield f"<{number}>".encode()
            yield from file_span(self.file, 0, 1000)
            yield memoryview(self.content)[1000:]
        yield b"end"
        self.finished.append(name)

    def _short(self, _name: str) -> Iterator[Piece]:
        yield from file_span(self.file, 0, len(self.content) + 1)

    @contextmanager
    def connection(self) -> Iterator[socket.socket]:
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as opened:
            yield opened


@contextmanager
def serving(file: Path) -> Iterator[Service]:
    service = Service(file)

    def run(listening: socket.socket) -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(service.http.serve(sockets=[listening]))

    with socket.create_server(("127.0.0.1", 0)) as listening:
        service.port = listening.getsockname()[1]
        thread = threading.Thread(target=run, args=(listening,))
        thread.start()
        try:
            yield service
        finally:
            service.http.should_exit = True
            thread.join()


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Service]:
    file = tmp_path / "small"
    file.write_bytes(os.urandom(300_000))
    with serving(file) as service:
        yield service


@pytest.fixture
def large(tmp_path: Path) -> Iterator[Service]:
    file = tmp_path / "large"
    file.write_bytes(os.urandom(1 << 20) * (LARGE >> 20))
    with serving(file) as service:
        yield service


def ask(client: socket.socket, *kinds: str) -> None:
    client.sendall(b"".join(f"GET /{kind} HTTP/1.1\r\nHost: x\r\n\r\n".encode() for kind in kinds))


def answer(client: socket.socket) -> bytes:
    """Read one answer, and no byte of the next."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += client.recv(1)
    assert head.startswith(b"HTTP/1.1 200 "), head
    [length] = [int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    body = bytearray()
    while len(body) < length:
        piece = client.recv(min(1 << 20, length - len(body)))
        assert piece, f"the connection ended after {len(body)} of {length} bytes"
        body += piece
    return bytes(body)


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def expected_parts(content: bytes) -> bytes:
    return b"<0>" + content + b"<1>" + content + b"<2>" + content + b"end"


def test_files_and_what_stands_between_them_arrive_in_order(small: Service) -> None:
    with small.connection() as client:
        for _ in range(3):
            ask(client, "parts")
            assert answer(client) == expected_parts(small.content)
            ask(client, "file")
            assert answer(client) == small.content
            ask(client, "empty")
            assert answer(client) == b""


def test_requests_sent_ahead_are_answered_in_order(small: Service) -> None:
    with small.connection() as client:
        ask(client, "file", "thread", "parts", "empty", "thread")
        assert answer(client) == small.content
        assert answer(client) == b"here"
        assert answer(client) == expected_parts(small.content)
        assert answer(client) == b""
        assert answer(client) == b"here"


def test_what_waits_to_be_sent_goes_before(large: Service) -> None:
    """An answer of the usual way that the client has not read yet lies in the transport."""
    with large.connection() as client:
        ask(client, *["file"] * 2, "thread", "parts")
        time.sleep(0.3)
        assert answer(client) == large.content
        assert answer(client) == large.content
        assert answer(client) == b"here"
        assert answer(client) == expected_parts(large.content)


def test_clients_that_read_nothing_hold_no_thread(large: Service) -> None:
    with ExitStack() as stack:
        # More than the pool has threads.
        waiting = [stack.enter_context(large.connection()) for _ in range(50)]
        for client in waiting:
            ask(client, "file")
        with large.connection() as other:
            for _ in range(5):
                ask(other, "thread")
                assert answer(other) == b"here"
        assert answer(waiting[0]) == answer(waiting[-1]) == large.content


def test_clients_that_leave_leave_nothing_behind(large: Service, caplog: pytest.LogCaptureFixture) -> None:
    with large.connection() as client:
        ask(client, "thread")
        answer(client)
    before = descriptors()
    for _ in range(5):
        with large.connection() as client:
            ask(client, "file")
            client.recv(100_000)
    wait_until(lambda: large.finished.count("file") == 5, what="the end of all answers")
    wait_until(lambda: descriptors() <= before, what="the end of all descriptors")
    assert caplog.records == []


def test_a_file_that_became_shorter_ends_the_connection(small: Service) -> None:
    with small.connection() as client:
        ask(client, "short")
        received = bytearray()
        while piece := client.recv(1 << 20):
            received += piece
    assert received.endswith(small.content)
    assert f"content-length: {len(small.content) + 1}".encode() in received.lower()


def test_the_server_ends_though_a_client_reads_nothing(tmp_path: Path) -> None:
    file = tmp_path / "large"
    file.write_bytes(bytes(LARGE))
    with ExitStack() as stack:
        service = stack.enter_context(serving(file))
        client = stack.enter_context(service.connection())
        ask(client, "file")
        assert client.recv(1)
        started = time.monotonic()
        service.http.should_exit = True
        wait_until(lambda: service.finished, seconds=15, what="the end of the answer")
        # uvicorn waits five seconds for answers under way.
        assert time.monotonic() - started < 12
