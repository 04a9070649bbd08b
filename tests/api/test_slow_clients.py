"""Clients that do not go on, or do not come to an end, before or after they have shown credentials."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from access.permissions import Role
from api.request_head import LARGEST_HEAD, PromptHeads
from tests.api.serving import Served
from tests.waiting import wait_until

_HEAD = "{method} {path} HTTP/1.1\r\nHost: node\r\n{headers}\r\n"


def _connected(port: int, *pieces: bytes) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", port), timeout=20)
    for piece in pieces:
        client.sendall(piece)
    return client


def _until_closed(client: socket.socket) -> bytes:
    """Read what comes until the other side closes the connection."""
    answer = b""
    with client, contextlib.suppress(ConnectionResetError):
        while piece := client.recv(65_536):
            answer += piece
    return answer


def _head(path: str, content_type: str, key: str = "") -> bytes:
    headers = f"Content-Type: {content_type}\r\nContent-Length: 1000\r\n"
    if key:
        headers += f"Authorization: Bearer {key}\r\n"
    return _HEAD.format(method="POST", path=path, headers=headers).encode()


def test_a_body_that_does_not_come_is_not_waited_for(shared_node: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.bodies._WHOLE_SECONDS", 0.3)
    # Nobody has to be known to be able to send one.
    with _connected(shared_node.port, _head("/api/v1/session", "application/json"), b'{"username":') as client:
        assert _until_closed(client).startswith(b"HTTP/1.1 408 ")


def test_a_byte_now_and_then_is_no_body(shared_node: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.bodies._WHOLE_SECONDS", 0.5)
    client = _connected(shared_node.port, _head("/api/v1/session", "application/json"))
    ended = threading.Event()

    def drip() -> None:
        with contextlib.suppress(OSError):
            while not ended.wait(0.1):
                client.sendall(b" ")

    dripping = threading.Thread(target=drip)
    dripping.start()
    try:
        assert client.recv(65_536).startswith(b"HTTP/1.1 408 ")
    finally:
        ended.set()
        dripping.join()
        client.close()


def test_an_upload_may_be_slow_but_not_silent(shared_node: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.bodies._WHOLE_SECONDS", 0.2)
    monkeypatch.setattr("api.bodies._LONGEST_SILENCE_SECONDS", 0.5)
    key = shared_node.keys[Role.SERVICE]
    client = _connected(shared_node.port, _head("/api/v1/uploads", "multipart/form-data; boundary=XX", key))
    for _ in range(4):
        client.sendall(b" ")
        client.settimeout(0.2)
        with pytest.raises(TimeoutError):
            client.recv(1)
    client.settimeout(20)
    assert _until_closed(client).startswith(b"HTTP/1.1 408 ")


async def _length(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


@pytest.fixture
def port() -> Iterator[int]:
    """Serve with the limits of heads; answers say how long the body was."""
    app = Starlette(routes=[Route("/", _length, methods=["GET", "POST"])])
    http = uvicorn.Server(uvicorn.Config(app, http=PromptHeads, log_config=None, timeout_keep_alive=60))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=asyncio.run, args=(http.serve(sockets=[listening]),))
        thread.start()
        try:
            wait_until(lambda: http.started, what="the server's start")
            yield listening.getsockname()[1]
        finally:
            http.should_exit = True
            thread.join()


@pytest.mark.parametrize("beginning", [b"", b"GE", b"GET / HTTP/1.1\r\nHost: a\r\nX", b"\r\n\r\n"])
def test_a_request_that_does_not_come_is_not_waited_for(
    port: int, beginning: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.request_head.HEAD_SECONDS", 0.3)
    started = time.monotonic()
    assert _until_closed(_connected(port, beginning)) == b""
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("afterwards", [b"\r\n", b"GET / HT"])
def test_a_second_request_has_to_come_too(port: int, afterwards: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.request_head.HEAD_SECONDS", 0.3)
    client = _connected(port, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert client.recv(65_536).startswith(b"HTTP/1.1 200 ")
    client.sendall(afterwards)
    _until_closed(client)


def test_time_for_a_request_is_no_time_for_its_body(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.request_head.HEAD_SECONDS", 0.3)
    client = _connected(port, b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n\r\na")
    client.settimeout(0.6)
    with pytest.raises(TimeoutError):
        client.recv(1)
    client.settimeout(20)
    client.sendall(b"b")
    assert _until_closed(client).endswith(b"2")


@pytest.mark.parametrize("field", [b"X: " + b"a" * 4_000_000, b"X: a\r\n" * 700_000], ids=["long", "many"])
def test_a_head_has_a_largest_size(port: int, field: bytes) -> None:
    client = _connected(port, b"GET / HTTP/1.1\r\nHost: a\r\n")
    with contextlib.suppress(ConnectionError):
        client.sendall(field)
    answer = b""
    with client, contextlib.suppress(ConnectionError):
        answer = client.recv(65_536)
    # Who has not read it yet when the connection is reset does not see it.
    assert not answer or answer.startswith(b"HTTP/1.1 431 ")


def test_a_large_body_behind_a_small_head_is_no_large_head(port: int) -> None:
    size = 10 * LARGEST_HEAD
    pieces = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % size, bytes(size)
    assert _until_closed(_connected(port, b"".join(pieces))).endswith(str(size).encode())


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET / HTTP/1.1\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n", b"400"),
        (b"GET / HTTP/1.0\r\nHost: a\r\nhost: a\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost:\r\n", b"200"),
        (b"GET / HTTP/1.0\r\n", b"200"),
    ],
)
def test_a_request_names_one_host(port: int, head: bytes, status: bytes) -> None:
    answer = _until_closed(_connected(port, head + b"Connection: close\r\n\r\n"))
    assert answer.startswith(b"HTTP/1.1 " + status)
