"""WADO-URI: one object by a query string, as it is or rendered (PS3.18 Section 9)."""

from collections.abc import Sequence
from functools import partial
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from access.principals import Principal
from archive.errors import NotFound
from archive.retrieve import StoredInstance
from dicomweb.conditional import conditional
from dicomweb.instance_files import DICOM, single_file, syntax_for
from dicomweb.locating import find_one
from dicomweb.media_types import MediaRange, parse_accept
from dicomweb.problems import Problem, bad_request
from dicomweb.ranges import ranged_response
from dicomweb.rendered import choose
from dicomweb.rendering.kinds import Rendering, open_pictures, open_rendering, stands_alone
from dicomweb.rendering.presentation_states import PresentationRendering
from dicomweb.services import Services
from dicomweb.wado_uri_parameters import UriRequest, parse_uri_request, rendering_of

_ANYTHING: Final = "*/*"


class WadoUri:
    """The handler of `/wado`.

    Parameters
    ----------
    services
        What it works with.
    """

    def __init__(self, services: Services) -> None:
        self._services = services

    async def retrieve(self, request: Request, principal: Principal) -> Response:
        """Give one object, or a rendering of it."""
        return await run_in_threadpool(self._retrieve, request, principal)

    def _retrieve(self, request: Request, principal: Principal) -> Response:
        asked = parse_uri_request(request.query_params)
        ranges = _ranges(asked, request)
        instance = find_one(self._services, principal.tenant, asked.path)
        if (asked.frame or 1) > (instance.number_of_frames or 1):
            raise bad_request("The query parameter frameNumber is at most the number of frames.")
        rendering = self._rendering(principal.tenant, instance, asked)
        media_type, _ = choose(_offered(rendering, instance, asked), ranges)
        if asked.media_types and media_type == DICOM and asked.has_window:
            raise bad_request("Where contentType is application/dicom there is no window.")
        if rendering is None or media_type == DICOM:
            answer = partial(self._file, request, instance, asked)
        elif asked.transfer_syntax is not None:
            raise bad_request("The query parameter transferSyntax is for contentType=application/dicom.")
        else:
            answer = partial(_rendered, request, instance, asked, rendering, media_type)
        whole = asked.state is None and (rendering is None or stands_alone(instance))
        return conditional(request, [instance], answer) if whole else answer()

    def _rendering(self, tenant: str, instance: StoredInstance, asked: UriRequest) -> Rendering | None:
        """Give what shows the object; none for what is only given as it is."""
        if asked.state is not None:
            try:
                state = find_one(self._services, tenant, asked.state)
            except NotFound as error:
                # Section 9.5.2.3: unlike for the object itself, this is not 404.
                raise bad_request("There is no such presentation state.") from error
            return PresentationRendering(self._services, tenant, state, instance.sop_instance_uid)
        if asked.frame is not None:
            return open_pictures(self._services, instance, asked.frame)
        try:
            return open_rendering(self._services, tenant, instance)
        except Problem:
            return None

    def _file(self, request: Request, instance: StoredInstance, asked: UriRequest) -> Response:
        return single_file(request, self._services, instance, syntax_for(instance, asked.transfer_syntax))


def _rendered(
    request: Request, instance: StoredInstance, asked: UriRequest, rendering: Rendering, media_type: str
) -> Response:
    return ranged_response(request, rendering.make(media_type, rendering_of(asked, instance)))


def _offered(rendering: Rendering | None, instance: StoredInstance, asked: UriRequest) -> Sequence[str]:
    """List what the object can be given as, the default of its kind first (PS3.18 Section 8.7.5)."""
    if rendering is None:
        return (DICOM,)
    moving = (instance.number_of_frames or 1) > 1 and asked.frame is None
    return (DICOM, *rendering.media_types) if moving else (*rendering.media_types, DICOM)


def _ranges(asked: UriRequest, request: Request) -> list[MediaRange]:
    """Read what is accepted: `contentType` counts for more than the header."""
    text = asked.media_types or ", ".join(request.headers.getlist("accept")) or _ANYTHING
    ranges = parse_accept(text)
    return ranges if ranges or asked.media_types else parse_accept(_ANYTHING)
