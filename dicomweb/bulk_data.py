"""WADO-RS: bulk data behind the URIs of metadata (PS3.18 Section 10.4.1.1.5)."""

import re
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from access.principals import Principal
from archive.dataset_buffer import data_set_buffer
from archive.encodings import PIXEL_DATA, UNDEFINED
from archive.errors import NotFound
from archive.retrieve import StoredInstance
from dicomweb.frame_formats import OCTETS, choose_format
from dicomweb.frame_source import FrameSource
from dicomweb.header_json import find_value
from dicomweb.locating import file_of, locate_one
from dicomweb.media_types import MediaRange, accepted
from dicomweb.multipart import Part, multipart_response
from dicomweb.problems import not_acceptable
from dicomweb.services import Services

_CHUNK: Final = 1 << 20
_PATH: Final = re.compile(r"[0-9A-Fa-f]{8}(/[1-9][0-9]{0,8}/[0-9A-Fa-f]{8}){0,50}")


class BulkData:
    """The handler of `/bulkdata/{path}`: a tag, or sequence, item number and so on to a tag.

    Parameters
    ----------
    services
        What it works with.
    """

    def __init__(self, services: Services) -> None:
        self._services = services

    async def retrieve(self, request: Request, principal: Principal) -> Response:
        """Give a value as it is stored; of compressed pixel data the frames."""
        path = parse_bulk_path(request.path_params["path"])
        ranges = accepted(request)
        instance = await locate_one(self._services, principal.tenant, request.path_params)
        if path == [PIXEL_DATA]:
            return await run_in_threadpool(self._pixels, instance, ranges)
        wanted = next((found for found in ranges if found.covers(OCTETS)), None)
        if wanted is None:
            raise not_acceptable("Bulk data is given as application/octet-stream.")
        return await run_in_threadpool(self._value, instance, path, wanted)

    def _pixels(self, instance: StoredInstance, ranges: Sequence[MediaRange]) -> Response:
        source = FrameSource(file_of(self._services, instance), instance, self._services.decoder)
        if not source.pixels.encapsulated:
            wanted = next((found for found in ranges if found.covers(OCTETS)), None)
            if wanted is None:
                raise not_acceptable("This pixel data is given as application/octet-stream.")
            return self._value(instance, [PIXEL_DATA], wanted)
        form = choose_format(ranges, source.pixels, source.count)
        frames = source.read(range(1, source.count + 1), form)
        if not form.multipart:
            return Response(next(frames), media_type=form.content_type)
        return multipart_response((Part(form.content_type, [frame]) for frame in frames), form.media_type)

    def _value(self, instance: StoredInstance, path: Sequence[int], wanted: MediaRange) -> Response:
        with self._buffer(instance) as buffer:
            token = find_value(buffer, instance.transfer_syntax_uid, list(path))
        if token is None or token.length == UNDEFINED:
            raise NotFound("There is no such value.")
        chunks = self._read(instance, token.position, token.length)
        if wanted.multipart:
            return multipart_response([Part(OCTETS, chunks)], OCTETS)
        return StreamingResponse(chunks, media_type=OCTETS, headers={"Content-Length": str(token.length)})

    def _read(self, instance: StoredInstance, position: int, length: int) -> Iterator[bytes]:
        with self._buffer(instance) as buffer:
            for start in range(position, position + length, _CHUNK):
                yield bytes(buffer[start : min(start + _CHUNK, position + length)])

    def _buffer(self, instance: StoredInstance) -> AbstractContextManager[memoryview]:
        path = file_of(self._services, instance)
        return data_set_buffer(path, instance.data_offset, instance.transfer_syntax_uid)


def parse_bulk_path(text: str) -> list[int]:
    """Read the path of a bulk data URI.

    Raises
    ------
    NotFound
        It is none that this node makes.
    """
    if not _PATH.fullmatch(text):
        raise NotFound("There is no such value.")
    return [int(part, 16 if number % 2 == 0 else 10) for number, part in enumerate(text.split("/"))]
