"""The node itself: versions, free space, what is ready."""

import asyncio
import platform
import shutil
from importlib.metadata import version
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel
from starlette.requests import Request

from access.permissions import Permission
from access.principals import Principal
from api.authorization import require
from api.dependencies import Web
from api.listing import Row

router = APIRouter(prefix="/system", tags=["system"])


class Part(BaseModel):
    """A part of the node that it cannot work without."""

    name: str
    ready: bool


class Storage(BaseModel):
    """Space of the volume that objects are kept on."""

    free_bytes: int
    total_bytes: int


class System(Row):
    """The node."""

    version: str
    python: str
    ae_title: str
    dicom_port: int
    database: str
    storage: Storage
    feed_clients: int
    parts: list[Part]


@router.get("", response_model=System)
async def read_system(
    request: Request, web: Web, _: Annotated[Principal, Depends(require(Permission.READ_SYSTEM))]
) -> Any:
    """Answer what runs here, and whether all parts are ready."""
    disk = await asyncio.to_thread(shutil.disk_usage, web.settings.storage.folder)
    readiness = request.app.state.readiness
    condition = await readiness.condition()
    return {
        "version": version("isocenter"),
        "python": platform.python_version(),
        "ae_title": web.settings.dicom.ae_title,
        "dicom_port": web.settings.dicom.port,
        # The scheme only: the rest of the URL may hold a password.
        "database": web.settings.database.url.split(":", 1)[0],
        "storage": {"free_bytes": disk.free, "total_bytes": disk.total},
        "feed_clients": request.app.state.feed.clients,
        "parts": [{"name": name, "ready": name not in condition.failing} for name in readiness.names],
    }
