"""The room that is left for objects."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends

from access.permissions import Permission
from access.principals import Principal
from api.authorization import require
from api.dependencies import Web
from api.listing import Row
from archive import space
from archive.space import Shortage
from config.sections import StorageSettings

router = APIRouter(prefix="/storage", tags=["statistics"])


class StorageSpace(Row):
    """Space of the volume that objects are kept on, and its watermarks.

    Below `warning_bytes` of free space the warning is `low`, below `reserved_bytes` it is `refusing`: no object is
    taken any more.
    """

    free_bytes: int
    total_bytes: int
    reserved_bytes: int
    warning_bytes: int
    warning: Shortage | None


@router.get("")
async def read_storage(web: Web, _: Annotated[Principal, Depends(require(Permission.READ_STATISTICS))]) -> StorageSpace:
    """Answer how much room is left. Costs nothing, so it may be asked often."""
    return await read_space(web.settings.storage)


async def read_space(storage: StorageSettings) -> StorageSpace:
    """Look at the volume, in a thread: it may be one of the network."""
    found = await asyncio.to_thread(space.look, storage)
    return StorageSpace(
        free_bytes=found.free_bytes,
        total_bytes=found.total_bytes,
        reserved_bytes=found.reserved_bytes,
        warning_bytes=found.warning_bytes,
        warning=found.shortage,
    )
