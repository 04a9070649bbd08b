"""WADO-RS: bulk data behind the URIs of metadata, and all of it at once (PS3.18 Sections 10.4.1.1.5 and 10.4.1.1.7)."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Final

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from access.principals import Principal
from archive.encodings import EXPLICIT_VR_LITTLE_ENDIAN
from archive.errors import NotFound, NotTranscodable
from archive.retrieve import StoredInstance
from dicomweb.bulk_values import PIXELS, BulkValues
from dicomweb.conditional import conditional
from dicomweb.frame_formats import OCTETS, choose_format
from dicomweb.frame_retrieval import frames_response
from dicomweb.frame_source import FrameSource
from dicomweb.header_json import parse_place
from dicomweb.locating import find, url_of
from dicomweb.media_types import ANY_TRANSFER_SYNTAX, MediaRange, accepted
from dicomweb.multipart import Part, begun, multipart_response
from dicomweb.problems import Problem, not_acceptable
from dicomweb.ranges import Content, ranged_response
from dicomweb.rendering.documents import DOCUMENT, DocumentRendering, document_type
from dicomweb.rendering.parameters import RenderingParameters
from dicomweb.rendering.stored_video import is_video, video_content
from dicomweb.services import Services, base_url

_log = structlog.get_logger()

_PATH: Final = re.compile(r"[0-9A-Fa-f]{8}(/[1-9][0-9]{0,8}/[0-9A-Fa-f]{8}){0,50}")


class BulkData:
    """The handlers of `/bulkdata` and `/pixeldata`.

    Parameters
    ----------
    services
        What they work with.
    """

    def __init__(self, services: Services) -> None:
        self._services = services

    async def value(self, request: Request, principal: Principal) -> Response:
        """Give one value, by a path of tag, or sequence, item number and so on to a tag."""
        return await run_in_threadpool(self._answer, request, principal, self._value)

    async def all_values(self, request: Request, principal: Principal) -> Response:
        """Give all bulk data of a study, a series or an instance, one part a value or a frame."""
        return await run_in_threadpool(self._answer, request, principal, self._all_values)

    async def pixels(self, request: Request, principal: Principal) -> Response:
        """Give the pixel data of a study, a series or an instance."""
        return await run_in_threadpool(self._answer, request, principal, self._all_pixels)

    def _answer(
        self,
        request: Request,
        principal: Principal,
        make: Callable[[Request, Sequence[StoredInstance], Sequence[MediaRange]], Response],
    ) -> Response:
        ranges = accepted(request)
        found = find(self._services, principal.tenant, request.path_params)
        return conditional(request, found, lambda: make(request, found, ranges))

    def _value(self, request: Request, found: Sequence[StoredInstance], ranges: Sequence[MediaRange]) -> Response:
        place = parse_bulk_path(request.path_params["path"])
        (instance,) = found
        if place == PIXELS and not is_video(instance.transfer_syntax_uid):
            source = FrameSource(self._services, instance)
            if source.pixels.encapsulated:
                form = choose_format(ranges, source.pixels, source.count)
                url = url_of(base_url(request), instance)
                return frames_response(request, source, range(1, source.count + 1), form, url)
        content, ranges = self._content(instance, place, ranges)
        wanted = _wanted(content, ranges)
        if wanted.multipart:
            return multipart_response([_part(content, str(request.url))], content.media_type)
        return ranged_response(request, content)

    def _all_values(self, request: Request, found: Sequence[StoredInstance], ranges: Sequence[MediaRange]) -> Response:
        def values() -> Iterator[Iterator[Part]]:
            for instance in found:
                url = url_of(base_url(request), instance)
                for place in BulkValues(self._services, instance).places():
                    if place == PIXELS:
                        yield self._pixel_parts(instance, ranges, url)
                    else:
                        yield self._value_part(instance, place, ranges, url)

        return _parts_response(values(), ranges)

    def _value_part(
        self, instance: StoredInstance, place: Sequence[int], ranges: Sequence[MediaRange], url: str
    ) -> Iterator[Part]:
        content, ranges = self._content(instance, place, ranges)
        _wanted(content, ranges)
        yield _part(content, f"{url}/bulkdata/{_path(place)}")

    def _all_pixels(self, request: Request, found: Sequence[StoredInstance], ranges: Sequence[MediaRange]) -> Response:
        base = base_url(request)
        images = [instance for instance in found if instance.rows]
        values = (self._pixel_parts(instance, ranges, url_of(base, instance)) for instance in images)
        return _parts_response(values, ranges)

    def _content(
        self, instance: StoredInstance, place: Sequence[int], ranges: Sequence[MediaRange]
    ) -> tuple[Content, Sequence[MediaRange]]:
        """Give a value, and those ranges that may have it: a video is only given as it is coded, whole."""
        syntax = instance.transfer_syntax_uid
        if place == DOCUMENT and _as_document(instance, ranges):
            rendering = DocumentRendering(self._services, "", instance)
            return rendering.make(document_type(instance.sop_class_uid), RenderingParameters()), ranges
        if place != PIXELS or not is_video(syntax):
            return BulkValues(self._services, instance).content(place), ranges
        fitting = [wanted for wanted in ranges if wanted.transfer_syntax in {None, ANY_TRANSFER_SYNTAX, syntax}]
        return video_content(self._services, instance), fitting

    def _pixel_parts(self, instance: StoredInstance, ranges: Sequence[MediaRange], url: str) -> Iterator[Part]:
        source = None if is_video(instance.transfer_syntax_uid) else FrameSource(self._services, instance)
        if source is None or not source.pixels.encapsulated:
            yield from self._value_part(instance, PIXELS, ranges, url)
            return
        # The answer has parts anyway, so that one frame alone is never meant here.
        form = choose_format([wanted for wanted in ranges if _in_parts(wanted)], source.pixels, source.count)
        for number, frame in enumerate(source.read(range(1, source.count + 1), form), start=1):
            # The URI that metadata have for the value (PS3.18 Section 10.4.3.3.5), unless this is only a part of it.
            place = f"bulkdata/{_path(PIXELS)}" if source.count == 1 else f"frames/{number}"
            yield Part(form.content_type, frame, f"{url}/{place}")


def parse_bulk_path(text: str) -> tuple[int, ...]:
    """Read the path of a bulk data URI.

    Raises
    ------
    NotFound
        It is none that this node makes.
    """
    if not _PATH.fullmatch(text):
        raise NotFound("There is no such value.")
    return parse_place(text)


def _path(place: Sequence[int]) -> str:
    return "/".join(f"{part:08X}" if number % 2 == 0 else str(part) for number, part in enumerate(place))


def _part(content: Content, url: str) -> Part:
    return Part(content.media_type, content.read(0, content.size), url)


def _in_parts(wanted: MediaRange) -> bool:
    return wanted.multipart or wanted.wildcard


def _wanted(content: Content, ranges: Sequence[MediaRange]) -> MediaRange:
    media_type, _, syntax = content.media_type.partition(";transfer-syntax=")
    syntaxes = {None, ANY_TRANSFER_SYNTAX, syntax or EXPLICIT_VR_LITTLE_ENDIAN}
    fitting = (found for found in ranges if found.transfer_syntax in syntaxes)
    wanted = next((found for found in fitting if found.covers(media_type) or found.covers(OCTETS)), None)
    if wanted is None:
        raise not_acceptable(f"This bulk data is given as {media_type}.")
    return wanted


def _as_document(instance: StoredInstance, ranges: Sequence[MediaRange]) -> bool:
    """Tell whether a document is wanted as what it is, such as application/pdf, rather than as octets.

    PS3.18 had it so up to 2019 (Section 6.5.3.2.2), and viewers put `accept=application/pdf` behind the URI of it.
    """
    media_type = document_type(instance.sop_class_uid)
    wanted = next((found for found in ranges if found.covers(OCTETS) or found.covers(media_type)), None)
    return wanted is not None and not wanted.covers(OCTETS)


def _parts_response(values: Iterable[Iterator[Part]], ranges: Sequence[MediaRange]) -> Response:
    if not any(_in_parts(wanted) for wanted in ranges):
        raise not_acceptable("Bulk data of objects is given as multipart/related.")
    refusals: list[Exception] = []
    remaining = _possible(values, refusals)
    first = next(remaining, None)
    if first is None:
        raise refusals[0] if refusals else NotFound("There is no bulk data.")
    media_type = first.content_type.partition(";")[0]
    return multipart_response(chain([begun(first)], remaining), media_type)


def _possible(values: Iterable[Iterator[Part]], refusals: list[Exception]) -> Iterator[Part]:
    """Yield the parts of all values, without those values that cannot be had as anything that is wanted.

    An icon has no JPEG when the image has one; it must not end an answer that has begun. What was left out is seen by
    comparing the locations of the parts with the URIs of the metadata. The first reason is kept.
    """
    for parts in values:
        try:
            first = next(parts, None)
        except (Problem, NotTranscodable) as refusal:
            _log.info("bulk_data_left_out", error=type(refusal).__name__)
            if not refusals:
                refusals.append(refusal)
            continue
        if first is not None:
            yield first
        yield from parts
