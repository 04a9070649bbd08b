"""The HTTP server around the application, with its limits."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from api.feed.connection import LARGEST_CLIENT_MESSAGE
from api.request_head import PromptHeads
from api.straight import send_straight
from archive.file_spans import STRAIGHT

_PING_SECONDS = 20.0
# As much memory as a connection may take whose client is slow, beside the piece that is written.
_MOST_WAITING = 1 << 20


class _Protocol(PromptHeads):
    """HTTP/1.1 that takes an answer of usual size at once: who writes it need not wait for the client in between."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Set how much may wait to be sent."""
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=_MOST_WAITING)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        """Offer the straight way to the socket, which only plain connections have."""
        if self.scheme == "http":
            extensions: dict[str, Any] = {STRAIGHT: partial(send_straight, cycle)}
            cycle.scope["extensions"] = extensions
        super()._start_asgi_task(cycle, app)

    def handle_websocket_upgrade(self) -> None:
        """Go back to the usual limits: messages are small, and a client that does not read them is to be noticed."""
        self.transport.set_write_buffer_limits()
        super().handle_websocket_upgrade()


async def _nothing() -> None:
    """Have nothing to say at the end."""


class _Server(uvicorn.Server):
    """A server that lets its application say something before connections are closed."""

    def __init__(self, config: uvicorn.Config, before_end: Callable[[], Awaitable[None]]) -> None:
        super().__init__(config)
        self._before_end = before_end

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Shut down, after what is to be said before it."""
        await self._before_end()
        await super().shutdown(sockets)


def server(
    app: ASGIApp,
    *,
    fd: int | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
    before_end: Callable[[], Awaitable[None]] = _nothing,
) -> uvicorn.Server:
    """Return the server, ready to run.

    Parameters
    ----------
    app
        The application.
    fd
        A listening socket that was inherited; without one the server listens on `host` and `port` itself.
    host, port
        Where to listen.
    before_end
        Awaited when the server is told to end, before it closes connections. Its time is its own matter.
    """
    return _Server(
        uvicorn.Config(
            app,
            fd=fd,
            host=host,
            port=port,
            loop="uvloop",
            http=_Protocol,
            ws="websockets-sansio",
            # Clients of the feed only listen.
            ws_max_size=LARGEST_CLIENT_MESSAGE,
            ws_ping_interval=_PING_SECONDS,
            ws_ping_timeout=_PING_SECONDS,
            # The application writes its own access log, without query strings.
            access_log=False,
            log_config=None,
            log_level="warning",
            server_header=False,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=5,
        ),
        before_end,
    )
