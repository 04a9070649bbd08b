"""Uploads: files from a browser or a script, through the same door as C-STORE."""

import asyncio
import secrets
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any, Final

import structlog
from fastapi import APIRouter, Depends
from pydantic import BaseModel
from starlette.requests import ClientDisconnect, Request

from access.permissions import Permission
from access.principals import Principal
from api.authorization import require
from api.dependencies import Web, WebDependencies
from api.problems import Problem
from api.uploads.multipart import FormFiles
from api.uploads.receiver import Receiver
from api.uploads.zips import ZipLimits
from archive.origin import Origin, OriginKind

router = APIRouter(prefix="/uploads", tags=["uploads"])
_log = structlog.get_logger()

_FIELD: Final = "files"
# The body is handed to a thread in pieces of this size: small ones cost more in switching than in writing.
_PIECE: Final = 1 << 20
# A ZIP may unpack to this many times the size of an upload.
_UNPACKED: Final = 4
_FORM = {
    "type": "object",
    "properties": {_FIELD: {"type": "array", "items": {"type": "string", "format": "binary"}}},
}


class RefusedFile(BaseModel):
    """A file that was not taken, and why."""

    file: str
    reason: str


class Upload(BaseModel):
    """What became of the files of one upload."""

    id: str
    stored: int
    duplicates: int
    refused: list[RefusedFile]


@router.post(
    "",
    response_model=Upload,
    openapi_extra={"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": _FORM}}}},
)
async def upload(
    web: Web, request: Request, principal: Annotated[Principal, Depends(require(Permission.UPLOAD))]
) -> Any:
    """Store DICOM files, and those in ZIP files. A file that is refused does not keep the others out."""
    origin = Origin(
        kind=OriginKind.UPLOAD,
        tenant=principal.tenant,
        principal=principal.username,
        address=request.client.host if request.client else None,
    )
    largest = web.settings.web.max_upload_bytes
    _check_length(request, largest)
    receiver = Receiver(web.archive, origin, _folder(web), ZipLimits(total_bytes=_UNPACKED * largest))
    form = FormFiles(request.headers.get("content-type", ""), _FIELD, receiver)
    try:
        await _consume(request, form, largest)
    finally:
        await asyncio.to_thread(receiver.discard)
    tally = receiver.tally
    upload_id = secrets.token_hex(8)
    _log.info("upload", upload=upload_id, stored=tally.stored, duplicates=tally.duplicates, refused=len(tally.refused))
    return {"id": upload_id, "stored": tally.stored, "duplicates": tally.duplicates, "refused": tally.refused}


def _folder(web: WebDependencies) -> Path:
    folder = web.settings.data_dir / "uploads"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _check_length(request: Request, largest: int) -> None:
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > largest:
        raise _too_large(largest)


async def _consume(request: Request, form: FormFiles, largest: int) -> None:
    piece = bytearray()
    size = 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > largest:
                raise _too_large(largest)
            piece += chunk
            if len(piece) >= _PIECE:
                await asyncio.to_thread(form.feed, bytes(piece))
                piece.clear()
    except ClientDisconnect as error:
        raise Problem(HTTPStatus.BAD_REQUEST, "The upload was broken off.") from error
    if piece:
        await asyncio.to_thread(form.feed, bytes(piece))
    form.close()


def _too_large(largest: int) -> Problem:
    # The rest of the body is not read, so the connection cannot be used again.
    return Problem(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        f"An upload may have {largest} bytes (web.max_upload_bytes).",
        headers={"Connection": "close"},
    )
