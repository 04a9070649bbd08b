"""Stands between a node and PostgreSQL, and goes away at the worst moment: a commit was made, its answer is lost."""

import contextlib
import socket
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

_SOCKET_NAME = ".s.PGSQL.5432"
_CHUNK = 1 << 16


class Interruption:
    """Passes everything on, until it is told of a text after whose commit the database shall be gone.

    Parameters
    ----------
    folder
        Where its own socket goes; a path must stay short.
    server
        The folder of the server's socket.
    """

    def __init__(self, folder: Path, server: Path) -> None:
        self._server = server
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(folder / _SOCKET_NAME))
        self._listening.listen(64)
        self._fatal = b""
        self._open: list[socket.socket] = []
        self._guard = threading.Lock()
        self.is_away = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Closing alone does not wake the thread that accepts.
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._cut_all()

    def go_after_commit_of(self, text: str) -> None:
        """Be gone as soon as a transaction that mentions `text` is committed, before its client knows."""
        self._fatal = text.encode()

    def come_back(self) -> None:
        """Pass on again."""
        self._fatal = b""
        self.is_away.clear()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            if self.is_away.is_set():
                client.close()
            else:
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        server = socket.socket(socket.AF_UNIX)
        with client, server, contextlib.suppress(OSError):
            server.connect(str(self._server / _SOCKET_NAME))
            with self._guard:
                self._open += [client, server]
            passing = threading.Thread(target=_pass_on, args=(server, client), daemon=True)
            is_fatal = False
            passing.start()
            while asked := client.recv(_CHUNK):
                is_fatal = is_fatal or bool(self._fatal and self._fatal in asked)
                if is_fatal and b"COMMIT\0" in asked:
                    self._go(client, server, asked)
                server.sendall(asked)
            _shut(server)
            passing.join()

    def _go(self, client: socket.socket, server: socket.socket, commit: bytes) -> None:
        self.is_away.set()
        _shut(client)
        server.sendall(commit)
        # The server has made the commit when it has read what follows it: the end of the connection.
        server.shutdown(socket.SHUT_WR)
        self._cut_all(server)

    def _cut_all(self, spared: socket.socket | None = None) -> None:
        with self._guard:
            for each in self._open:
                if each is not spared:
                    _shut(each)


def _pass_on(server: socket.socket, client: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while answer := server.recv(_CHUNK):
            client.sendall(answer)
    _shut(client)


def _shut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
