"""WADO-RS: rendered instances and frames, and thumbnails at every level (PS3.18 Sections 10.4.1.1.3 and 10.4.1.1.4)."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from access.principals import Principal
from archive.dataset_buffer import data_set_buffer
from archive.errors import NotFound
from archive.retrieve import StoredInstance
from dicomweb.frame_retrieval import parse_frame_list
from dicomweb.frame_source import FrameSource
from dicomweb.locating import file_of, locate, locate_one
from dicomweb.media_types import MediaRange, accepted
from dicomweb.multipart import Part, multipart_response
from dicomweb.problems import not_acceptable
from dicomweb.rendering.attributes import read_display
from dicomweb.rendering.encoding import MEDIA_TYPES, encode_picture
from dicomweb.rendering.parameters import RenderingParameters, Viewport, parse_rendering
from dicomweb.rendering.pictures import picture
from dicomweb.services import Services

_THUMBNAIL: Final = Viewport(128, 128)
# Larger frames, of slides as a whole, would take gigabytes on their way to a picture.
_MOST_PIXELS: Final = 100_000_000


class Rendered:
    """The handlers of `/rendered` and `/thumbnail`.

    Parameters
    ----------
    services
        What they work with.
    """

    def __init__(self, services: Services) -> None:
        self._services = services

    async def instance(self, request: Request, principal: Principal) -> Response:
        """Render an instance: its first frame."""
        return await self._render(request, principal, [1])

    async def frames(self, request: Request, principal: Principal) -> Response:
        """Render frames by number."""
        return await self._render(request, principal, parse_frame_list(request.path_params["frames"]))

    async def thumbnail(self, request: Request, principal: Principal) -> Response:
        """Render a small picture that stands for a study, a series, an instance or a frame."""
        wanted = _small(parse_rendering(request.query_params.multi_items()))
        media_type = _single_type(accepted(request))
        images = [found for found in await locate(self._services, principal.tenant, request.path_params) if found.rows]
        if not images:
            raise NotFound("There is no image to make a picture of.")
        frames = request.path_params.get("frames")
        number = parse_frame_list(frames)[0] if frames else None
        # The middle of a stack shows what it is of.
        one = images[len(images) // 2]
        content = await run_in_threadpool(self._picture, one, number or _middle(one), media_type, wanted)
        return Response(content, media_type=media_type)

    async def _render(self, request: Request, principal: Principal, numbers: Sequence[int]) -> Response:
        wanted = parse_rendering(request.query_params.multi_items())
        ranges = accepted(request)
        instance = await locate_one(self._services, principal.tenant, request.path_params)
        if len(numbers) > 1:
            return await run_in_threadpool(self._several, instance, numbers, _part_type(ranges), wanted)
        media_type = next((kind for kind in (_match(found) for found in ranges) if kind), None)
        if media_type is None:
            raise not_acceptable("Pictures are given as image/jpeg or image/png.")
        content = await run_in_threadpool(self._picture, instance, numbers[0], media_type, wanted)
        first = next(found for found in ranges if _match(found))
        if first.multipart:
            return multipart_response([Part(media_type, [content])], media_type)
        return Response(content, media_type=media_type)

    def _several(
        self, instance: StoredInstance, numbers: Sequence[int], media_type: str, wanted: RenderingParameters
    ) -> Response:
        make = self._renderer(instance)
        first = make(numbers[0], media_type, wanted)
        rest = (make(number, media_type, wanted) for number in numbers[1:])
        parts = (Part(media_type, [content]) for group in ([first], rest) for content in group)
        return multipart_response(parts, media_type)

    def _picture(self, instance: StoredInstance, number: int, media_type: str, wanted: RenderingParameters) -> bytes:
        return self._renderer(instance)(number, media_type, wanted)

    def _renderer(self, instance: StoredInstance) -> Callable[[int, str, RenderingParameters], bytes]:
        path = file_of(self._services, instance)
        source = FrameSource(path, instance, self._services.decoder)
        if source.pixels.rows * source.pixels.columns > _MOST_PIXELS:
            raise not_acceptable("A frame of this size is not rendered.")

        def render(number: int, media_type: str, wanted: RenderingParameters) -> bytes:
            frame = source.decode(number)
            with data_set_buffer(path, instance.data_offset, instance.transfer_syntax_uid) as buffer:
                display = read_display(buffer, instance.transfer_syntax_uid, number)
            return encode_picture(picture(frame, source.pixels, display, wanted.window), media_type, wanted)

        return render


def _match(found: MediaRange) -> str | None:
    return next((media_type for media_type in MEDIA_TYPES if found.covers(media_type)), None)


def _part_type(ranges: Sequence[MediaRange]) -> str:
    for found in ranges:
        media_type = _match(found)
        if media_type and (found.multipart or found.wildcard):
            return media_type
    raise not_acceptable("Several pictures are given as multipart/related of image/jpeg or image/png.")


def _single_type(ranges: Sequence[MediaRange]) -> str:
    for found in ranges:
        media_type = _match(found)
        if media_type and not found.multipart:
            return media_type
    raise not_acceptable("Thumbnails are given as image/jpeg or image/png.")


def _small(wanted: RenderingParameters) -> RenderingParameters:
    return wanted if wanted.viewport else replace(wanted, viewport=_THUMBNAIL)


def _middle(instance: StoredInstance) -> int:
    """Choose a frame: the middle one of a plausible number, which may still be a wrong one."""
    return 1 if instance.number_of_frames is None else max(1, (instance.number_of_frames + 1) // 2)
