"""The routes of DICOMweb: every resource with its handler and the permission that it needs (PS3.18 Section 10.3)."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from access.permissions import Permission
from access.principals import Principal
from dicomweb.bulk_data import BulkData
from dicomweb.capabilities import describe
from dicomweb.frame_retrieval import Frames
from dicomweb.metadata import Metadata
from dicomweb.protected import ProtectedRoute
from dicomweb.qido import Qido
from dicomweb.rendered import Rendered
from dicomweb.services import ROOT, Authorization, Authorize, Services
from dicomweb.stow import Stow
from dicomweb.wado import Wado

Handler = Callable[[Request, Principal], Awaitable[Response]]

_STUDY: Final = "/studies/{study_uid}"
_SERIES: Final = _STUDY + "/series/{series_uid}"
_INSTANCE: Final = _SERIES + "/instances/{sop_uid}"
_FRAMES: Final = _INSTANCE + "/frames/{frames}"


def create_router(authorize: Authorize, *, services: Services) -> APIRouter:
    """Build the router, mounted at `/dicom-web`.

    Parameters
    ----------
    authorize
        Makes the dependency that protects a route and gives the principal.
    services
        What the handlers work with.
    """
    router = APIRouter(prefix=ROOT, route_class=ProtectedRoute, tags=["DICOMweb"])
    for path, handler in _reading(services):
        router.add_api_route(
            path,
            _protected(handler, authorize(Permission.READ_IMAGES)),
            methods=["GET", "HEAD"],
            response_class=Response,
        )
    stow = Stow(services)
    for path in ("/studies", _STUDY):
        router.add_api_route(
            path, _protected(stow.store, authorize(Permission.STORE_IMAGES)), methods=["POST"], response_class=Response
        )
    for path in ("", "/", "/studies", _STUDY):
        router.add_api_route(
            path, _protected(describe, authorize(Permission.READ_IMAGES)), methods=["OPTIONS"], response_class=Response
        )
    return router


def _reading(services: Services) -> list[tuple[str, Handler]]:
    qido, wado, frames = Qido(services), Wado(services), Frames(services)
    metadata, rendered, bulk_data = Metadata(services), Rendered(services), BulkData(services)
    return [
        ("/studies", qido.studies),
        ("/series", qido.series),
        ("/instances", qido.instances),
        (f"{_STUDY}/series", qido.series),
        (f"{_STUDY}/instances", qido.instances),
        (f"{_SERIES}/instances", qido.instances),
        *((f"{level}/metadata", metadata.retrieve) for level in (_STUDY, _SERIES, _INSTANCE)),
        *((f"{level}/thumbnail", rendered.thumbnail) for level in (_STUDY, _SERIES, _INSTANCE, _FRAMES)),
        *((f"{level}/rendered", rendered.retrieve) for level in (_STUDY, _SERIES, _INSTANCE)),
        (f"{_FRAMES}/rendered", rendered.frames),
        (_FRAMES, frames.retrieve),
        *((f"{level}/bulkdata", bulk_data.all_values) for level in (_STUDY, _SERIES, _INSTANCE)),
        *((f"{level}/pixeldata", bulk_data.pixels) for level in (_STUDY, _SERIES, _INSTANCE)),
        (_INSTANCE + "/bulkdata/{path:path}", bulk_data.value),
        *((level, wado.retrieve) for level in (_STUDY, _SERIES, _INSTANCE)),
    ]


def _protected(handler: Handler, requirement: Authorization) -> Callable[..., Awaitable[Response]]:
    """Let a handler answer those who may, and tell it who asks."""

    async def answer(request: Request, principal: Annotated[Principal, Depends(requirement)]) -> Response:
        return await handler(request, principal)

    answer.__name__ = getattr(handler, "__name__", "answer")
    answer.__doc__ = handler.__doc__
    return answer
