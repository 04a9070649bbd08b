"""Limits of what comes before a request is known: nobody has shown credentials yet, and nothing else would end it."""

import asyncio
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# Many times what any browser, proxy or token needs.
LARGEST_HEAD: Final = 64 << 10
HEAD_SECONDS: Final = 30.0
_TOO_LARGE: Final = b"The head of a request may have 65536 bytes."
_TOO_LARGE_ANSWER: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: text/plain; charset=utf-8\r\n"
    b"content-length: %d\r\nconnection: close\r\n\r\n%s" % (len(_TOO_LARGE), _TOO_LARGE)
)


class PromptHeads(HttpToolsProtocol):
    """HTTP/1.1 whose request line and header fields have a size, a time, and exactly one host.

    The time is absolute: a client that sends a byte now and then gains nothing. Between two requests the server's own
    `timeout_keep_alive` counts.
    """

    _deadline: asyncio.TimerHandle | None = None
    _head_bytes = 0
    _is_in_head = True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._begin_deadline()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        self._end_deadline()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what belongs to a head that is not at its end."""
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._deadline is None and self._is_idle():
            # Not the beginning of a request: empty lines, or the rest of a body that was answered before its end.
            self._begin_deadline()
        if not self._is_in_head:
            return
        self._head_bytes += len(data)
        if self._head_bytes > LARGEST_HEAD:
            self.transport.write(_TOO_LARGE_ANSWER)
            self.transport.close()

    def on_message_begin(self) -> None:
        """Begin a head: its first byte is here."""
        super().on_message_begin()
        self._is_in_head = True
        if self._deadline is None:
            self._begin_deadline()

    def on_headers_complete(self) -> None:
        """End the head; a request of HTTP/1.1 without one host for itself is malformed (RFC 9112 Section 3.2)."""
        self._is_in_head = False
        self._head_bytes = 0
        self._end_deadline()
        hosts = sum(name == b"host" for name, _ in self.headers)
        if hosts > 1 or (not hosts and self.parser.get_http_version() == "1.1"):
            # The parser's caller answers 400 to whatever is raised here.
            raise ValueError("host")
        super().on_headers_complete()

    def _is_idle(self) -> bool:
        # A WebSocket has taken the connection over when this protocol is none of the server's any more.
        return self in self.connections and self.cycle is not None and self.cycle.response_complete

    def _begin_deadline(self) -> None:
        self._deadline = self.loop.call_later(HEAD_SECONDS, self._give_up)

    def _end_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        if not self.transport.is_closing():
            self.transport.close()
