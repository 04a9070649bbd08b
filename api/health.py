"""Liveness and readiness, for supervisors and load balancers: no credentials, no details about anybody."""

import asyncio
import contextlib
import functools
import tempfile
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.dependencies import Web, WebDependencies
from api.problems import MEDIA_TYPE
from api.readiness import Check, Readiness
from archive import events, space
from archive.space import Shortage

router = APIRouter(include_in_schema=False)


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
async def is_ready(request: Request, web: Web) -> Response:
    """Answer whether the node can do its work, what is missing, and what is about to be.

    A node without room still shows what it has, and nobody makes room by starting it again: it is degraded, with 200.
    """
    condition = await request.app.state.readiness.condition()
    if condition.failing:
        return _not_ready(condition.failing)
    warnings = dict.fromkeys(condition.slow, "slow")
    shortage = (await asyncio.to_thread(space.look, web.settings.storage)).shortage
    if shortage is not None:
        warnings["storage"] = shortage.value
    degraded = condition.slow or shortage is Shortage.REFUSING
    return JSONResponse({"status": "degraded" if degraded else "ready", "warnings": warnings})


def _not_ready(parts: Sequence[str]) -> Response:
    status = HTTPStatus.SERVICE_UNAVAILABLE
    document = {"title": "Not ready", "status": status, "detail": f"Not ready: {', '.join(parts)}.", "parts": parts}
    return JSONResponse(document, status, {"Retry-After": "2"}, media_type=MEDIA_TYPE)
