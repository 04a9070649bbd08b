"""Liveness and readiness, for supervisors and load balancers: no credentials, no details about anybody."""

import asyncio
import contextlib
import functools
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Final

import structlog
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.dependencies import WebDependencies
from api.problems import MEDIA_TYPE
from archive import events
from archive.errors import NodeError

Check = Callable[[], Awaitable[None]]

_log = structlog.get_logger()
_SECONDS: Final = 3.0
# Probes may come from several places at once; one look a second is enough for all of them.
_REMEMBERED_SECONDS: Final = 1.0

router = APIRouter(include_in_schema=False)


class Readiness:
    """The checks, and their last outcome.

    Parameters
    ----------
    checks
        By name; a check that raises is not ready.
    """

    def __init__(self, checks: Mapping[str, Check]) -> None:
        self._checks = checks
        self._failing: list[str] = []
        self._until = 0.0
        self._lock = asyncio.Lock()

    @property
    def names(self) -> list[str]:
        """What is checked."""
        return list(self._checks)

    async def failing(self) -> list[str]:
        """Return the names of what is not ready."""
        async with self._lock:
            if time.monotonic() >= self._until:
                outcomes = await asyncio.gather(*(self._is_ready(name) for name in self._checks))
                self._failing = [name for name, ready in zip(self._checks, outcomes, strict=True) if not ready]
                self._until = time.monotonic() + _REMEMBERED_SECONDS
            return self._failing

    async def _is_ready(self, name: str) -> bool:
        try:
            async with asyncio.timeout(_SECONDS):
                await self._checks[name]()
        except (OSError, TimeoutError, NodeError) as error:
            _log.warning("not_ready", part=name, error=type(error).__name__)
            return False
        return True


def readiness(web: WebDependencies) -> Readiness:
    """Return the checks of a node: database, storage, and the DICOM listener where it belongs to this process."""

    async def database() -> None:
        await web.database.read(events.last_seq)

    async def storage() -> None:
        await asyncio.to_thread(_write_something, web.settings.storage.folder)

    checks: dict[str, Check] = {"database": database, "storage": storage}
    if web.listener is not None:
        checks["listener"] = functools.partial(_connect, *web.listener)
    return Readiness(checks)


async def _connect(host: str, port: int) -> None:
    _, writer = await asyncio.open_connection(host, port)
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


def _write_something(folder: Path) -> None:
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(b"ready?")
        file.flush()


@router.get("/healthz")
async def is_alive() -> Response:
    """Answer that the process runs."""
    return JSONResponse({"status": "ok"})


@router.get("/readyz")
async def is_ready(request: Request) -> Response:
    """Answer whether the node can do its work, and what is missing."""
    failing = await request.app.state.readiness.failing()
    if not failing:
        return JSONResponse({"status": "ready"})
    status = HTTPStatus.SERVICE_UNAVAILABLE
    document = {"title": "Not ready", "status": status, "detail": f"Not ready: {', '.join(failing)}.", "parts": failing}
    return JSONResponse(document, status, {"Retry-After": "2"}, media_type=MEDIA_TYPE)
