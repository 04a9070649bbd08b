"""WADO-RS: frames of an instance (PS3.18 Section 10.4.1.1.6), straight from the file, one at a time."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import partial
from itertools import chain
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from access.principals import Principal
from archive.file_spans import in_memory
from dicomweb.conditional import conditional
from dicomweb.frame_formats import FrameFormat, choose_format
from dicomweb.frame_source import FrameSource
from dicomweb.locating import Instances, url_of
from dicomweb.media_types import MediaRange, accepted
from dicomweb.multipart import (
    Part,
    PiecesResponse,
    encode,
    multipart_response,
    multipart_type,
    new_boundary,
)
from dicomweb.problems import bad_request
from dicomweb.ranges import content_of, ranged_response
from dicomweb.reading_ahead import read_ahead
from dicomweb.reading_at_once import NotAtHand
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
        self._instances = Instances(services)

    async def retrieve(self, request: Request, principal: Principal) -> Response:
        """Give frames by number, in the order of the list."""
        numbers = parse_frame_list(request.path_params["frames"])
        ranges = accepted(request)
        instance = await self._instances.one(principal.tenant, request.path_params)

        def answer(*, waits: bool) -> Response:
            source = FrameSource(self._services, instance, waits=waits)
            return self._answer(request, source, url_of(base_url(request), instance), numbers, ranges)

        if len(numbers) == 1:
            # What viewers ask for is mostly here already; a change of thread would take longer than the rest.
            with suppress(NotAtHand):
                return conditional(request, [instance], partial(answer, waits=False))
        return await run_in_threadpool(conditional, request, [instance], partial(answer, waits=True))

    def _answer(
        self, request: Request, source: FrameSource, url: str, numbers: Sequence[int], ranges: Sequence[MediaRange]
    ) -> Response:
        form = choose_format(ranges, source.pixels, len(numbers))
        source.require(numbers)
        return frames_response(request, source, numbers, form, url)


def frames_response(
    request: Request, source: FrameSource, numbers: Sequence[int], form: FrameFormat, url: str
) -> Response:
    """Answer with frames in the format that was chosen.

    Parameters
    ----------
    request
        May ask for a part, where one frame is given alone.
    source
        Of the frames.
    numbers
        Which, counted from 1.
    form
        The chosen format.
    url
        Of the instance.
    """
    frames = source.read(numbers, form)
    # The first frame is made before the answer begins: what fails at once fails with a status of its own.
    first = next(frames)
    if not form.multipart:
        # The rest of the iterator, which is empty, keeps the file open until the frame is sent.
        whole = first if isinstance(first, list) else chain(first, chain.from_iterable(frames))
        return _alone(request, whole, form.content_type)
    parts = (
        Part(form.content_type, frame, f"{url}/frames/{number}")
        for number, frame in zip(numbers, chain([first], frames), strict=True)
    )
    if len(numbers) > 1 or not isinstance(first, list):
        return multipart_response(parts, form.media_type)
    # One frame, which is what viewers ask for, is here already: no thread has to wait for the next piece of it.
    boundary = new_boundary()
    return PiecesResponse(list(in_memory(encode(parts, boundary))), multipart_type(form.media_type, boundary))


def _alone(request: Request, frame: Iterable[bytes | memoryview], media_type: str) -> Response:
    if isinstance(frame, list):
        return ranged_response(request, content_of(b"".join(frame), media_type))
    return StreamingResponse(read_ahead(frame), media_type=media_type)


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
