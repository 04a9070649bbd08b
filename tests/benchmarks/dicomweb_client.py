"""Clients that spend as little as they can: wrk for many requests a second, one socket for large answers."""

import http.client
import json
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.benchmarks.dicomweb_services import HEADERS, Service

_SCRIPT: Final = Path(__file__).with_name("requests.lua")
_PIECE: Final = 1 << 20
_PATIENCE_SECONDS: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Requests a second over some connections, and the time within which 99 of 100 were answered."""

    per_second: float
    p99_ms: float


def rate(service: Service, paths: Sequence[str], accept: str, *, connections: int, seconds: int) -> Rate:
    """Ask for the paths in turns, as fast as the answers come; end the program when one is not 200."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as listed:
        listed.write("\n".join(paths))
        listed.flush()
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", f"{_PATIENCE_SECONDS}s"]
        for name, value in {**HEADERS, "Accept": accept}.items():
            command += ["-H", f"{name}: {value}"]
        command += ["-s", str(_SCRIPT), service.url, "--", listed.name]
        answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = json.loads(answer.splitlines()[-1])
    if found["errors"] or not found["requests"]:
        raise SystemExit(f"{service.name}: {found['errors']} of {found['requests']} requests failed: {paths[0]}")
    return Rate(per_second=found["requests"] / found["seconds"], p99_ms=found["p99_ms"])


class Connection:
    """One kept connection, for answers whose time is measured one by one."""

    def __init__(self, service: Service) -> None:
        self._address = ("127.0.0.1", service.port)
        self._buffer = memoryview(bytearray(_PIECE))
        self._host = f"127.0.0.1:{service.port}"
        self._name = service.name
        self._open()

    def _open(self) -> None:
        self._socket = socket.create_connection(self._address, timeout=_PATIENCE_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._answers = self._socket.makefile("rb")

    def close(self) -> None:
        """Close it."""
        self._answers.close()
        self._socket.close()

    def get(self, path: str, accept: str) -> tuple[float, int]:
        """Ask, read all of the answer and drop it; returns milliseconds and bytes."""
        headers = {"Host": self._host, **HEADERS, "Accept": accept}
        lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        request = "\r\n".join(lines).encode()
        begun = time.perf_counter()
        self._socket.sendall(request)
        status, headers = self._head()
        if "content-length" in headers:
            size = self._skip(int(headers["content-length"]))
        elif headers.get("transfer-encoding") == "chunked":
            size = self._chunks()
        else:
            size = self._skip_to_end()
        milliseconds = 1000 * (time.perf_counter() - begun)
        if status != http.client.OK:
            raise SystemExit(f"{self._name} answered {path} with {status}")
        return milliseconds, size

    def _head(self) -> tuple[int, dict[str, str]]:
        """Read status and headers."""
        status = int(self._answers.readline().split()[1])
        headers = {}
        while line := self._answers.readline().decode("latin-1").strip():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        return status, headers

    def _chunks(self) -> int:
        size = 0
        while length := int(self._answers.readline().partition(b";")[0], 16):
            size += self._skip(length)
            self._answers.readline()
        self._answers.readline()
        return size

    def _skip(self, length: int) -> int:
        left = length
        while left:
            read = self._answers.readinto(self._buffer[: min(left, _PIECE)])
            if not read:
                raise SystemExit(f"{self._name} closed the connection within an answer")
            left -= read
        return length

    def _skip_to_end(self) -> int:
        """Read an answer that ends with its connection, as Orthanc's of whole series do."""
        size = 0
        while read := self._answers.readinto(self._buffer):
            size += read
        self.close()
        self._open()
        return size
