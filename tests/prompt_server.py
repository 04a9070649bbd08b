"""An application on a free port, in a thread, that is there and gone at once: most tests take less than a tick."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

# For clients of plain HTTP, which would read all certificate authorities of the machine for nothing.
NO_AUTHORITIES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class _PromptServer(uvicorn.Server):
    """Learns of its end when it is told, not at its next look a tenth of a second later."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._told = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def main_loop(self) -> None:
        self._loop = asyncio.get_running_loop()
        await self.on_tick(0)
        while not self.should_exit:
            await self._told.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        del sockets
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        # Clients that have gone are noticed within a turn or two of the loop.
        await asyncio.sleep(0.002)
        await self._wait_tasks_to_complete()

    def end(self) -> None:
        self.should_exit = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._told.set)


@contextmanager
def promptly_served(app: ASGIApp, at_end: Callable[[], Awaitable[None]], *, ws: str = "none") -> Iterator[int]:
    """Serve an application, give its port, and await `at_end` in its thread when it has ended.

    Who connects before the server has begun waits for it.
    """
    config = uvicorn.Config(app, log_level="error", ws=ws, lifespan="off")
    server = _PromptServer(config)

    async def serve(listening: socket.socket) -> None:
        try:
            await server.serve(sockets=[listening])
        finally:
            await at_end()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=lambda: asyncio.run(serve(listening)), name="server")
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            server.end()
            thread.join()
