"""Which listener process serves a connection: they share one port, and a client cannot tell."""

import socket
from collections.abc import Iterable
from pathlib import Path


def server_of(connection: socket.socket, pids: Iterable[int]) -> int | None:
    """Return the process that holds the other end of a loopback connection."""
    inode = _inode_of(local=connection.getpeername()[1], remote=connection.getsockname()[1])
    return next((pid for pid in pids if inode and _holds(pid, f"socket:[{inode}]")), None)


def _inode_of(*, local: int, remote: int) -> str | None:
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        ports = [int(address.split(":")[1], 16) for address in fields[1:3]]
        if ports == [local, remote]:
            return fields[9]
    return None


def _holds(pid: int, link: str) -> bool:
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        try:
            if str(descriptor.readlink()) == link:
                return True
        except FileNotFoundError:
            continue
    return False
