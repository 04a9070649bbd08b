"""The web server: viewer, API, DICOMweb and the status feed."""

import asyncio
import os
import signal
import socket
import sys
from functools import partial
from pathlib import Path

import uvloop

import isocenter
from analysis.registry import open_registry
from api.app import create_app
from api.dependencies import WebDependencies
from api.server import server
from archive.database import AsyncDatabase
from archive.decoding import DecodingPool, PixelWorker
from archive.threaded_database import open_async
from config.settings import Settings
from dicomweb.caching import byte_cache
from dicomweb.router import create_router
from dicomweb.services import Services
from isocenter.consequences import Consequences
from isocenter.parentage import say_ready
from isocenter.performing import performing_of
from isocenter.picture_keeping import prepared_pictures
from isocenter.sockets import LISTENER_VARIABLE, WEB_VARIABLE, bind_web, inherited
from isocenter.wiring import Node, open_node

_LOOK_SECONDS = 0.02
_CONNECTIONS = 10
# For WebSockets whose clients are told that the node ends.
_FAREWELL_SECONDS = 2.0


def run(settings: Settings) -> None:
    """Serve HTTP until SIGTERM."""
    # Counts until the server runs, and again when it ends by raising the signal that ended it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    listening = inherited(WEB_VARIABLE) or bind_web(settings.web)
    with (
        open_node(settings, role="web", database_connections=_CONNECTIONS) as node,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        runner.run(_serve(node, listening))


def dependencies(node: Node, database: AsyncDatabase, services: Services) -> WebDependencies:
    """Give the web application what it works with."""
    settings = node.settings
    return WebDependencies(
        settings=settings,
        database=database,
        archive=node.archive,
        bus=node.bus,
        routers=(partial(create_router, services=services),),
        cors_origins=settings.web.cors_origins,
        viewer=Path(isocenter.__file__).parents[1] / "viewer" / "dist",
        deliver=Consequences(settings).result,
        analyzers=open_registry(settings).listing,
        listener=_listener(),
    )


def _dicomweb(node: Node, database: AsyncDatabase, decoder: PixelWorker) -> Services:
    return Services(
        database=database,
        archive=node.archive,
        decoder=decoder,
        rendered=byte_cache(node.settings.web.rendered_cache_bytes),
        prepared=prepared_pictures(node.settings) if node.settings.web.prepared_pictures_bytes else None,
        max_upload_bytes=node.settings.web.max_upload_bytes,
        ae_title=node.settings.dicom.ae_title,
        performing=performing_of(node.settings),
        publish=node.bus.publish,
    )


async def _serve(node: Node, listening: socket.socket) -> None:
    database = open_async(node.database, connections=_CONNECTIONS)
    with DecodingPool() as decoder:
        services = _dicomweb(node, database, decoder)
        ending = partial(services.ending.begin, _FAREWELL_SECONDS)
        served = server(create_app(dependencies(node, database, services)), before_end=ending)
        serving = asyncio.create_task(served.serve(sockets=[listening]))
        while not (served.started or serving.done()):  # noqa: ASYNC110 - the server has no event for it
            await asyncio.sleep(_LOOK_SECONDS)
        say_ready()
        await serving
    await database.dispose()


def _listener() -> tuple[str, int] | None:
    """Find the listener of the same supervisor, on which readiness depends."""
    host, _, port = os.environ.get(LISTENER_VARIABLE, "").rpartition(":")
    return (host, int(port)) if port else None
