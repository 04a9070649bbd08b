"""The HTTP server around the application, with its limits."""

import uvicorn
from starlette.types import ASGIApp

from api.feed.connection import LARGEST_CLIENT_MESSAGE

_PING_SECONDS = 20.0


def server(app: ASGIApp, *, fd: int | None = None, host: str = "127.0.0.1", port: int = 0) -> uvicorn.Server:
    """Return the server, ready to run.

    Parameters
    ----------
    app
        The application.
    fd
        A listening socket that was inherited; without one the server listens on `host` and `port` itself.
    host, port
        Where to listen.
    """
    return uvicorn.Server(
        uvicorn.Config(
            app,
            fd=fd,
            host=host,
            port=port,
            loop="uvloop",
            http="httptools",
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
        )
    )
