"""Waiting for a condition instead of for time."""

import os
import random
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from typing import TypeVar

T = TypeVar("T")

_PAUSE_SECONDS = 0.02
# From here to the first port that the kernel gives by itself (net.ipv4.ip_local_port_range), in equal shares.
_LOWEST_PORT, _SHARES, _SHARE = 16_384, 4, 4_096


def wait_until(condition: Callable[[], T | None], *, seconds: float = 20, what: str = "the condition") -> T:
    """Return the first true answer of `condition`; fail with `what` when there is none within `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not happen within {seconds} s; the last answer was {answer!r}")
        time.sleep(_PAUSE_SECONDS)


def free_port() -> int:
    """Return a TCP port of the loopback interface that nobody listens on, nor is given by the system to anybody else.

    It is below those that the kernel gives to outgoing connections, and another one each time: who was promised it may
    take a while to listen on it, or stop listening for a time.
    """
    for _ in range(1000):
        port = next(_PORTS)
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")


def _ports() -> Iterator[int]:
    """Yield the ports of this process, beginning anywhere; processes of one run of tests have different ones."""
    name = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    first = _LOWEST_PORT + int(name) % _SHARES * _SHARE
    start = random.randrange(_SHARE)
    for number in count(start):
        yield first + number % _SHARE


def answers(port: int) -> bool:
    """Tell whether somebody accepts connections on `port` of the loopback interface."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


_PORTS = _ports()
