"""Parts of files, on their way to a socket: the kernel hands them on, and they are not read into this process."""

import os
import select
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from archive.errors import NotFound

# How long a thread waits for a receiver that is behind: usually it takes more within a fraction of this.
_MOMENT_MILLISECONDS: Final = 5
# How long it is busy in one go at most, so that others have their turn.
_TURN_SECONDS: Final = 0.25
_PIECE: Final = 1 << 20

STRAIGHT: Final = "isocenter.straight"
"""The extension of a request's scope by which a web server takes pieces straight to the socket (ASGI, "Extensions")."""


@dataclass(frozen=True, slots=True)
class FileSpan:
    """A part of an open file; good until the next piece is asked for.

    Parameters
    ----------
    file
        Its descriptor.
    start, length
        The part, in bytes.
    """

    file: int
    start: int
    length: int

    def __len__(self) -> int:
        return self.length

    def read(self) -> Iterator[bytes]:
        """Yield the bytes in pieces.

        Raises
        ------
        EOFError
            The file is shorter.
        """
        for start in range(self.start, self.start + self.length, _PIECE):
            yield from _read(self.file, start, min(_PIECE, self.start + self.length - start))


Piece: TypeAlias = bytes | memoryview | FileSpan
"""What answers are made of."""


def _read(file: int, start: int, length: int) -> Iterator[bytes]:
    while length:
        piece = os.pread(file, length, start)
        if not piece:
            raise EOFError("A stored file is shorter than it was.")
        yield piece
        start, length = start + len(piece), length - len(piece)


@contextmanager
def opened(path: Path) -> Iterator[int]:
    """Open a stored file and give its descriptor.

    Raises
    ------
    NotFound
        The file is gone.
    """
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise NotFound("The file of this object is missing.") from error
    try:
        yield file
    finally:
        os.close(file)


def read_soon(path: Path) -> None:
    """Have the kernel fetch a file that will be sent next, while others are sent."""
    with suppress(NotFound, OSError), opened(path) as file:
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_WILLNEED)


def file_span(path: Path, start: int, length: int) -> Iterator[FileSpan]:
    """Yield a part of a file, and close the file after it.

    Raises
    ------
    NotFound
        The file is gone.
    """
    with opened(path) as file:
        yield FileSpan(file, start, length)


def whole_file(path: Path) -> Iterator[FileSpan]:
    """Yield all of a file, and close it after that.

    Raises
    ------
    NotFound
        The file is gone.
    """
    with opened(path) as file:
        yield FileSpan(file, 0, os.fstat(file).st_size)


def in_memory(pieces: Iterable[Piece]) -> Iterator[bytes | memoryview]:
    """Yield pieces with those of files read."""
    for piece in pieces:
        if isinstance(piece, FileSpan):
            yield from piece.read()
        else:
            yield piece


class SocketFiller:
    """Fills a socket from a thread, as fast as its receiver takes it.

    Parameters
    ----------
    target
        A connected socket that does not block.
    pieces
        What is sent. They are taken in the thread that calls `go_on`.
    """

    def __init__(self, target: socket.socket, pieces: Iterable[Piece]) -> None:
        self.sent = 0
        self._target = target
        self._pieces = iter(pieces)
        self._piece: Piece = b""
        self._position = 0
        self._room = select.poll()
        self._room.register(target, select.POLLOUT)

    def go_on(self) -> bool:
        """Send until everything is sent; False when the receiver takes no more for now, or others should have a turn.

        Raises
        ------
        ConnectionError
            The receiver is gone.
        EOFError
            A file is shorter than it was.
        """
        until = time.monotonic() + _TURN_SECONDS
        while self._has_piece():
            try:
                self._send_some()
            except BlockingIOError:
                if not self._room.poll(_MOMENT_MILLISECONDS):
                    return False
            if time.monotonic() > until:
                return False
        # What was kept back to fill a packet goes out now.
        self._target.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return True

    def _has_piece(self) -> bool:
        while self._position == len(self._piece):
            following = next(self._pieces, None)
            if following is None:
                return False
            self._piece, self._position = following, 0
        return True

    def _send_some(self) -> None:
        piece, position = self._piece, self._position
        if isinstance(piece, FileSpan):
            sent = os.sendfile(self._target.fileno(), piece.file, piece.start + position, piece.length - position)
            if not sent:
                raise EOFError("A stored file is shorter than it was.")
        else:
            sent = self._target.send(memoryview(piece)[position:], socket.MSG_MORE)
        self._position += sent
        self.sent += sent
