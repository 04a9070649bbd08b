"""WADO-RS: what is rendered, and thumbnails, at every level (PS3.18 Sections 10.4.1.1.3 and 10.4.1.1.4)."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import chain

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from access.principals import Principal
from archive.errors import NodeError, NotFound
from archive.retrieve import StoredInstance
from dicomweb.conditional import conditional
from dicomweb.frame_retrieval import parse_frame_list
from dicomweb.frame_source import FrameSource
from dicomweb.locating import Instances, find, url_of
from dicomweb.media_types import MediaRange, accepted
from dicomweb.multipart import Part, multipart_response
from dicomweb.problems import Problem, bad_request, not_acceptable
from dicomweb.ranges import Content, ranged_response
from dicomweb.reading_at_once import NotAtHand
from dicomweb.rendering.images import ImageRendering
from dicomweb.rendering.kinds import Rendering, open_pictures, open_rendering, shows_pixels, stands_alone
from dicomweb.rendering.middle import middle_frame, middle_of
from dicomweb.rendering.parameters import RenderingParameters, parse_rendering
from dicomweb.rendering.picture_names import THUMBNAIL
from dicomweb.rendering.stored_video import is_video
from dicomweb.services import Services, base_url

_log = structlog.get_logger()


class Rendered:
    """The handlers of `/rendered` and `/thumbnail`.

    Parameters
    ----------
    services
        What they work with.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._instances = Instances(services)

    async def retrieve(self, request: Request, principal: Principal) -> Response:
        """Render an instance, or all instances of a study or series that can be rendered as something wanted."""
        wanted = parse_rendering(request.query_params.multi_items())
        if "sop_uid" in request.path_params:
            instance = await self._instances.one(principal.tenant, request.path_params)
            with suppress(NotAtHand):
                return self._at_hand(request, instance, None, wanted)
            return await run_in_threadpool(self._one, request, principal, instance, wanted)
        return await run_in_threadpool(self._several, request, principal, wanted)

    async def frames(self, request: Request, principal: Principal) -> Response:
        """Render frames by number."""
        numbers = parse_frame_list(request.path_params["frames"])
        wanted = parse_rendering(request.query_params.multi_items())
        instance = await self._instances.one(principal.tenant, request.path_params)
        if len(numbers) == 1:
            with suppress(NotAtHand):
                return self._at_hand(request, instance, numbers[0], wanted)
        return await run_in_threadpool(self._frames, request, instance, numbers, wanted)

    async def thumbnail(self, request: Request, principal: Principal) -> Response:
        """Render a small picture that stands for a study, a series, an instance or a frame."""
        return await run_in_threadpool(self._thumbnail, request, principal)

    def _at_hand(
        self, request: Request, instance: StoredInstance, number: int | None, wanted: RenderingParameters
    ) -> Response:
        """Answer with a picture that is in memory: a change of thread would take longer than the rest.

        Raises
        ------
        NotAtHand
            It has to be waited for.
        """
        if not shows_pixels(instance):
            raise NotAtHand
        rendering = ImageRendering(self._services, instance, number)

        def answer() -> Response:
            media_type, chosen = choose(rendering.media_types, accepted(request))
            if chosen.multipart:
                raise NotAtHand
            return ranged_response(request, rendering.at_hand(media_type, wanted))

        return conditional(request, [instance], answer)

    def _one(
        self, request: Request, principal: Principal, instance: StoredInstance, wanted: RenderingParameters
    ) -> Response:
        rendering = open_rendering(self._services, principal.tenant, instance)
        answer = partial(_answer_one, request, rendering, accepted(request), wanted)
        return conditional(request, [instance], answer) if stands_alone(instance) else answer()

    def _several(self, request: Request, principal: Principal, wanted: RenderingParameters) -> Response:
        """Answer with a part for each instance. One that cannot be rendered does not take the others with it."""
        accepts = accepted(request)
        found = find(self._services, principal.tenant, request.path_params)
        ranges = [each for each in accepts if each.multipart or each.wildcard]
        if not ranges:
            raise not_acceptable("Renderings of several objects are given as multipart/related.")
        base = base_url(request)

        def parts() -> Iterator[Part]:
            for instance in found:
                try:
                    rendering = open_rendering(self._services, principal.tenant, instance)
                    content = rendering.make(choose(rendering.media_types, ranges)[0], wanted)
                except (Problem, NodeError) as error:
                    _log.info("not_rendered", sop_instance_uid=instance.sop_instance_uid, error=type(error).__name__)
                else:
                    yield _part(content, f"{url_of(base, instance)}/rendered")

        return _parts_response(parts())

    def _frames(
        self, request: Request, instance: StoredInstance, numbers: Sequence[int], wanted: RenderingParameters
    ) -> Response:
        ranges = accepted(request)
        renderings = [open_pictures(self._services, instance, number) for number in numbers]
        if len(numbers) == 1:
            return conditional(request, [instance], partial(_answer_one, request, renderings[0], ranges, wanted))
        # Before the answer begins: what is missing behind the first would end it in the middle.
        self._require(instance, numbers)
        in_parts = [each for each in ranges if each.multipart or each.wildcard]
        media_type, _ = choose(renderings[0].media_types, in_parts)
        url = url_of(base_url(request), instance)
        parts = (
            _part(rendering.make(media_type, wanted), f"{url}/frames/{number}/rendered")
            for rendering, number in zip(renderings, numbers, strict=True)
        )
        return conditional(request, [instance], lambda: _parts_response(parts))

    def _require(self, instance: StoredInstance, numbers: Sequence[int]) -> None:
        if not is_video(instance.transfer_syntax_uid):
            FrameSource(self._services, instance).require(numbers)
        elif max(numbers) > (count := instance.number_of_frames or 1):
            raise NotFound(f"There is no frame {max(numbers)}; the last one is {count}.")

    def _thumbnail(self, request: Request, principal: Principal) -> Response:
        wanted = parse_rendering(request.query_params.multi_items())
        if wanted.annotation:
            # PS3.18 Section 10.4.3.3.4: it says nothing about the patient.
            raise bad_request("A thumbnail has no annotation.")
        wanted = wanted if wanted.viewport else replace(wanted, viewport=THUMBNAIL)
        ranges = [each for each in accepted(request) if not each.multipart]
        found = find(self._services, principal.tenant, request.path_params)
        images = [instance for instance in found if instance.rows]
        if not images:
            raise NotFound("There is no image to make a picture of.")
        frames = request.path_params.get("frames")
        one = middle_of(images)
        number = parse_frame_list(frames)[0] if frames else middle_frame(one)
        rendering = open_pictures(self._services, one, number)
        return conditional(request, found, partial(_answer_one, request, rendering, ranges, wanted))


def choose(media_types: Sequence[str], ranges: Iterable[MediaRange]) -> tuple[str, MediaRange]:
    """Choose what is given: the first of the media types that the most wanted range covers.

    Raises
    ------
    Problem
        406 when none is wanted.
    """
    for wanted in ranges:
        media_type = next((media_type for media_type in media_types if wanted.covers(media_type)), None)
        if media_type is not None:
            return media_type, wanted
    raise not_acceptable(f"This is rendered as {', '.join(media_types)}.")


def _answer_one(
    request: Request, rendering: Rendering, ranges: Sequence[MediaRange], wanted: RenderingParameters
) -> Response:
    media_type, chosen = choose(rendering.media_types, ranges)
    content = rendering.make(media_type, wanted)
    if chosen.multipart:
        return _parts_response([_part(content, str(request.url))])
    return ranged_response(request, content)


def _part(content: Content, url: str) -> Part:
    return Part(content.media_type, content.read(0, content.size), url)


def _parts_response(parts: Iterable[Part]) -> Response:
    """Answer with parts; the first is made before the answer begins, so that what fails has a status of its own."""
    remaining = iter(parts)
    first = next(remaining, None)
    if first is None:
        raise not_acceptable("There is nothing here that can be rendered as one of the wanted media types.")
    return multipart_response(chain([first], remaining), first.content_type.partition(";")[0])
