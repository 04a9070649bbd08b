"""What a process is called in the claims that it has."""

import os
import secrets
import socket
from functools import lru_cache


def worker_name() -> str:
    """Name this process: for people by host and process ID, and so that no other one ever has the same name."""
    return _name_of(os.getpid())


@lru_cache(maxsize=1)
def _name_of(pid: int) -> str:
    return f"{socket.gethostname()}:{pid}:{secrets.token_hex(4)}"
