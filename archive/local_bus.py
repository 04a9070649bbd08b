"""The bus of one machine: Unix datagram sockets in a folder, one for each subscription, no broker."""

import os
import secrets
import select
import socket
import tempfile
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from stat import S_IMODE
from typing import Final

from archive.topics import require_topics

# The address of a Unix socket has room for 107 bytes.
_LONGEST_ADDRESS: Final = 107
_PRIVATE: Final = 0o700
_MESSAGE: Final = b"!"
_MESSAGE_ROOM: Final = 16


def bus_directory(data_dir: Path) -> Path:
    """Return the folder of the sockets of the node whose data is in `data_dir`: short, whatever that path is."""
    digest = sha256(str(data_dir.resolve()).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"isocenter-{os.getuid()}-{digest}"


class LocalBus:
    """Wake-ups through sockets in a folder that only this user may enter.

    Parameters
    ----------
    directory
        The folder, made if missing; see `bus_directory`.

    Raises
    ------
    PermissionError
        The folder is somebody else's, or open to others.
    """

    def __init__(self, directory: Path) -> None:
        _make_private(directory)
        self._directory = directory
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)

    def publish(self, topic: str) -> None:
        """Wake all who subscribed to `topic`."""
        require_topics((topic,))
        with suppress(FileNotFoundError), os.scandir(self._directory) as entries:
            for entry in entries:
                if topic in entry.name.split("-")[0].split("."):
                    self._send(entry.path)

    def subscribe(self, *topics: str) -> "LocalSubscription":
        """Wait for `topics` from now on."""
        require_topics(topics)
        name = f"{'.'.join(topics)}-{os.getpid()}-{secrets.token_hex(4)}"
        while True:
            # The last one to leave removes the folder, perhaps at this very moment.
            with suppress(FileNotFoundError):
                _make_private(self._directory)
                return LocalSubscription(self._directory / name)

    def close(self) -> None:
        """Close the sending socket, and remove the folder when nobody listens there any more."""
        self._socket.close()
        with suppress(OSError):
            self._directory.rmdir()

    def _send(self, address: str) -> None:
        try:
            self._socket.sendto(_MESSAGE, address)
        except BlockingIOError:
            # Its queue is full of wake-ups already.
            pass
        except ConnectionRefusedError:
            # Its process died without closing.
            with suppress(FileNotFoundError):
                Path(address).unlink()
        except OSError:
            # Closed between listing and sending, or out of kernel memory: the subscriber polls.
            pass


class LocalSubscription:
    """A socket that wake-ups come to."""

    def __init__(self, address: Path) -> None:
        if len(os.fsencode(address)) > _LONGEST_ADDRESS:
            raise ValueError(f"the path is too long for a socket: {address}")
        self._address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        try:
            self._socket.bind(str(address))
        except OSError:
            self._socket.close()
            raise

    def wait(self, timeout: float) -> bool:
        """Wait for a wake-up, at most `timeout` seconds; tell whether one came."""
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        poll.poll(max(0.0, timeout) * 1000)
        return self.drain()

    def fileno(self) -> int:
        """Return the socket's file descriptor."""
        return self._socket.fileno()

    def drain(self) -> bool:
        """Take all wake-ups that are there; tell whether there were any."""
        any_came = False
        with suppress(BlockingIOError):
            while self._socket.recv(_MESSAGE_ROOM):
                any_came = True
        return any_came

    def close(self) -> None:
        """Close and remove the socket."""
        self._socket.close()
        with suppress(FileNotFoundError):
            self._address.unlink()


def _make_private(directory: Path) -> None:
    """Make the folder, or check that it is ours: whoever can write into it could listen in or stand in the way."""
    with suppress(FileExistsError):
        directory.mkdir(mode=_PRIVATE, parents=True)
    state = directory.lstat()
    if not directory.is_dir() or directory.is_symlink() or state.st_uid != os.getuid():
        raise PermissionError(f"{directory} belongs to somebody else")
    if S_IMODE(state.st_mode) & 0o077:
        raise PermissionError(f"{directory} is open to other users")
