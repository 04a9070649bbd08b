"""A real server around the application, in a thread, on a free port."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import uvloop
from fastapi import FastAPI

from access import apikeys, users
from access.passwords import hash_password
from access.permissions import Role
from api.app import create_app
from api.dependencies import WebDependencies
from api.server import server
from archive.blobs import FileBlobs
from archive.bus import LocalBus, bus_directory
from archive.database import AsyncDatabase, Database
from archive.ingest import Archive
from config.settings import Settings
from dicomweb.router import create_router
from dicomweb.services import Services
from tests.prompt_server import NO_AUTHORITIES
from tests.waiting import wait_until

PASSWORD = "correct horse battery staple"


@dataclass(frozen=True, kw_only=True)
class Served:
    """A running application and what stands behind it."""

    port: int
    folder: Path
    settings: Settings
    database: Database
    archive: Archive
    bus: LocalBus
    keys: dict[Role, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def anonymous(self, **headers: str) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers=headers, timeout=30, verify=NO_AUTHORITIES)

    def as_role(self, role: Role) -> httpx.Client:
        return self.anonymous(Authorization=f"Bearer {self.keys[role]}")

    def as_admin(self) -> httpx.Client:
        return self.as_role(Role.ADMIN)


@contextlib.contextmanager
def serving(
    database_url: str, folder: Path, *, sections: dict[str, Any] | None = None, dicomweb: bool = False, **given: Any
) -> Iterator[Served]:
    """Serve the application with accounts of every role; `given` replaces dependencies, `dicomweb` adds that router."""
    settings = Settings.model_validate({"data_dir": folder, "database": {"url": database_url}, **(sections or {})})
    with contextlib.ExitStack() as stack:
        database = stack.enter_context(Database(database_url))
        blobs = stack.enter_context(FileBlobs(settings.storage.folder))
        bus = stack.enter_context(contextlib.closing(LocalBus(bus_directory(folder))))
        archive = stack.enter_context(Archive(database, blobs, publish=bus.publish))
        values = {"settings": settings, "archive": archive, "bus": bus, "viewer": folder / "viewer", **given}
        port = stack.enter_context(_running(database_url, values, dicomweb=dicomweb))
        keys = {role: _key(database, role) for role in Role}
        yield Served(
            port=port, folder=folder, settings=settings, database=database, archive=archive, bus=bus, keys=keys
        )


@contextlib.contextmanager
def _running(database_url: str, values: dict[str, Any], *, dicomweb: bool) -> Iterator[int]:
    database = AsyncDatabase(database_url)
    if dicomweb:
        services = Services(database=database, archive=values["archive"], ae_title="ISOCENTER")
        values["routers"] = (partial(create_router, services=services),)
    http = server(create_app(WebDependencies(database=database, **values)))

    async def serve(listening: socket.socket) -> None:
        try:
            await http.serve(sockets=[listening])
        finally:
            await database.dispose()

    def run(listening: socket.socket) -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve(listening))

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=run, args=(listening,), name="server")
        thread.start()
        try:
            wait_until(lambda: http.started, what="the server's start")
            yield listening.getsockname()[1]
        finally:
            http.should_exit = True
            thread.join()


def _key(database: Database, role: Role) -> str:
    _, key = database.write(apikeys.create, name=role.value, role=role, now=time.time())
    return key


def add_user(database: Database, username: str, role: Role = Role.CLINICIAN) -> None:
    password_hash = hash_password(PASSWORD)
    database.write(
        users.add, username=username, password_hash=password_hash, role=role, name="Dr. Ada", now=time.time()
    )


def application() -> FastAPI:
    """Return the whole application without anything behind it, to look at its routes."""
    nothing: Any = None
    routers = (partial(create_router, services=nothing),)
    return create_app(
        WebDependencies(
            settings=nothing, database=nothing, archive=nothing, bus=nothing, viewer=Path(), routers=routers
        )
    )
