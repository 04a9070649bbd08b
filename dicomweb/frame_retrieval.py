"""WADO-RS: frames of an instance (PS3.18 Section 10.4.1.1.6), straight from the file, one at a time."""

import secrets
from collections.abc import Sequence
from itertools import chain
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from access.principals import Principal
from archive.retrieve import StoredInstance
from dicomweb.frame_formats import choose_format
from dicomweb.frame_source import FrameSource
from dicomweb.locating import file_of, locate_one, url_of
from dicomweb.media_types import MediaRange, accepted
from dicomweb.multipart import Part, encode, multipart_response, multipart_type
from dicomweb.problems import bad_request
from dicomweb.services import Services, base_url

MOST_FRAMES: Final = 10_000
_LONGEST_LIST: Final = 60_000
_MOST_DIGITS: Final = 9


class Frames:
    """The handler of `/frames/{list}`.

    Parameters
    ----------
    services
        What it works with.
    """

    def __init__(self, services: Services) -> None:
        self._services = services

    async def retrieve(self, request: Request, principal: Principal) -> Response:
        """Give frames by number, in the order of the list."""
        numbers = parse_frame_list(request.path_params["frames"])
        ranges = accepted(request)
        instance = await locate_one(self._services, principal.tenant, request.path_params)
        return await run_in_threadpool(self._answer, instance, numbers, ranges, base_url(request))

    def _answer(
        self, instance: StoredInstance, numbers: Sequence[int], ranges: Sequence[MediaRange], base: str
    ) -> Response:
        source = FrameSource(file_of(self._services, instance), instance, self._services.decoder)
        form = choose_format(ranges, source.pixels, len(numbers))
        source.require(numbers)
        frames = source.read(numbers, form)
        # The first frame is made before the answer begins: what fails at once fails with a status of its own.
        first = next(frames)
        if not form.multipart:
            return Response(first, media_type=form.content_type)
        url = url_of(base, instance)
        parts = (
            Part(form.content_type, [frame], f"{url}/frames/{number}")
            for number, frame in zip(numbers, chain([first], frames), strict=True)
        )
        if len(numbers) > 1:
            return multipart_response(parts, form.media_type)
        # One frame, which is what viewers ask for, is sent in one piece.
        boundary = secrets.token_hex(16)
        return Response(b"".join(encode(parts, boundary)), media_type=multipart_type(form.media_type, boundary))


def parse_frame_list(text: str) -> list[int]:
    """Read a list of frame numbers, counted from 1 (PS3.18 Section 10.1.3).

    Raises
    ------
    Problem
        400 when it is none, or too long.
    """
    parts = text.split(",") if len(text) <= _LONGEST_LIST else []
    if not parts or len(parts) > MOST_FRAMES:
        raise bad_request(f"At most {MOST_FRAMES} frames are given at once.")
    if not all(part.isascii() and part.isdecimal() and len(part) <= _MOST_DIGITS and int(part) for part in parts):
        raise bad_request("Frames are a list of numbers from 1 on.")
    return [int(part) for part in parts]
