"""The routes of DICOMweb: every resource with its handler and the permission that it needs (PS3.18 Section 10.3)."""

from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from access.permissions import Permission
from access.principals import Principal
from dicomweb.bulk_data import BulkData
from dicomweb.capabilities import describe
from dicomweb.deleting import Deleting
from dicomweb.frame_retrieval import Frames
from dicomweb.metadata import Metadata
from dicomweb.non_patient_router import non_patient_routes
from dicomweb.protected import ProtectedRoute
from dicomweb.qido import Qido
from dicomweb.rendered import Rendered
from dicomweb.resources import FRAMES, LEVELS, RESOURCES, SERIES, STUDIES, STUDY, URI, VALUE
from dicomweb.services import ROOT, Authorization, Authorize, Services
from dicomweb.stow import Stow
from dicomweb.ups_router import add_channel, worklist_routes
from dicomweb.wado import Wado
from dicomweb.wado_uri import WadoUri

Handler = Callable[[Request, Principal], Awaitable[Response]]


def create_router(authorize: Authorize, *, services: Services) -> APIRouter:
    """Build the router: `/dicom-web`, and `/wado` beside it.

    Parameters
    ----------
    authorize
        Makes the dependency that protects a route and gives the principal.
    services
        What the handlers work with.
    """
    router = APIRouter(route_class=ProtectedRoute, tags=["DICOMweb"])

    def add(methods: list[str], permission: Permission, routes: Iterable[tuple[str, Handler]]) -> None:
        for path, handler in routes:
            endpoint = _protected(handler, authorize(permission))
            router.add_api_route(path, endpoint, methods=methods, response_class=Response)

    add(["GET", "HEAD"], Permission.READ_IMAGES, _reading(services))
    stow, deleting = Stow(services), Deleting(services)
    add(["POST"], Permission.STORE_IMAGES, [(path, stow.store) for path in (STUDIES, STUDY)])
    add(["DELETE"], Permission.DELETE_STUDIES, [(level, deleting.delete) for level in LEVELS])
    add(["OPTIONS"], Permission.READ_IMAGES, [(path, describe) for path in (ROOT, f"{ROOT}/", *RESOURCES)])
    for methods, permission, path, handler in worklist_routes(services):
        add(methods, permission, [(path, handler)])
    for methods, permission, path, handler in non_patient_routes(services):
        add(methods, permission, [(path, handler)])
    add_channel(router, authorize, services)
    return router


def _reading(services: Services) -> Iterator[tuple[str, Handler]]:
    qido, wado, frames = Qido(services), Wado(services), Frames(services)
    metadata, rendered, bulk_data = Metadata(services), Rendered(services), BulkData(services)
    yield STUDIES, qido.studies
    yield from ((path, qido.series) for path in (f"{ROOT}/series", f"{STUDY}/series"))
    yield from ((f"{above}/instances", qido.instances) for above in (ROOT, STUDY, SERIES))
    for level in LEVELS:
        yield level, wado.retrieve
        yield f"{level}/metadata", metadata.retrieve
        yield f"{level}/rendered", rendered.retrieve
        yield f"{level}/thumbnail", rendered.thumbnail
        yield f"{level}/bulkdata", bulk_data.all_values
        yield f"{level}/pixeldata", bulk_data.pixels
    yield FRAMES, frames.retrieve
    yield f"{FRAMES}/rendered", rendered.frames
    yield f"{FRAMES}/thumbnail", rendered.thumbnail
    yield VALUE, bulk_data.value
    yield URI, WadoUri(services).retrieve


def _protected(handler: Handler, requirement: Authorization) -> Callable[..., Awaitable[Response]]:
    """Let a handler answer those who may, and tell it who asks."""

    async def answer(request: Request, principal: Annotated[Principal, Depends(requirement)]) -> Response:
        return await handler(request, principal)

    answer.__name__ = getattr(handler, "__name__", "answer")
    answer.__doc__ = handler.__doc__
    return answer
