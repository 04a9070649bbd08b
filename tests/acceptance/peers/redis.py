"""A Redis of Debian's package that a test may take away."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from tests.waiting import answers, free_port, wait_until


class RedisServer:
    """A running Redis, without anything on disk."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}"
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        wait_until(lambda: answers(self.port), what="Redis")

    def stop(self) -> None:
        """Kill it, without a goodbye to anybody."""
        self._process.kill()
        self._process.wait()


@contextmanager
def running_redis() -> Iterator[RedisServer]:
    """Run a Redis."""
    server = RedisServer()
    try:
        yield server
    finally:
        server.stop()
