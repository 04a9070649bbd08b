"""The web application: routers, errors, and the layers around them."""

import contextlib
from collections.abc import AsyncIterator
from importlib.metadata import version

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError, WebSocketRequestValidationError
from prometheus_client import CollectorRegistry
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from api import documentation, health, metrics
from api.authentication import Authentication
from api.authenticator import Authenticator
from api.authorization import require
from api.bodies import BodyLimit
from api.cors import CrossOrigin
from api.dependencies import WebDependencies
from api.edge import Edge
from api.feed import endpoint
from api.feed.reader import Feed
from api.headers import SecurityHeaders
from api.ingest_watch import IngestWatch
from api.metrics import HttpMetrics
from api.problems import (
    answer_http_exception,
    answer_node_error,
    answer_validation_error,
    deny_invalid_socket,
)
from api.resources import (
    aes,
    analyzers,
    apikeys,
    associations,
    audit,
    deliveries,
    events,
    jobs,
    notices,
    orders,
    procedure_steps,
    remote,
    results,
    retrievals,
    routes,
    session,
    statistics,
    storage,
    studies,
    system,
    tenants,
    uploads,
    users,
    worklist,
)
from api.shortcut import Shortcut
from api.viewer import Viewer
from archive.errors import NodeError
from archive.stages import folder_of

_RESOURCES = (
    session,
    users,
    apikeys,
    tenants,
    aes,
    associations,
    routes,
    deliveries,
    remote,
    retrievals,
    notices,
    analyzers,
    jobs,
    results,
    studies,
    worklist,
    orders,
    procedure_steps,
    uploads,
    audit,
    events,
    statistics,
    storage,
    system,
)


def create_app(dependencies: WebDependencies) -> FastAPI:
    """Build the application.

    Parameters
    ----------
    dependencies
        What it works with. They are used, not owned: whoever made them closes them.
    """
    registry = CollectorRegistry()
    authenticator = Authenticator(dependencies.database, dependencies.now)
    routers = [build(require) for build in dependencies.routers]
    app = FastAPI(
        title="Isocenter",
        version=version("isocenter"),
        # Our own routes answer these, to those who have credentials.
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan,
        exception_handlers={
            HTTPException: answer_http_exception,
            RequestValidationError: answer_validation_error,
            NodeError: answer_node_error,
        },
        middleware=[
            Middleware(SecurityHeaders),
            Middleware(Edge, observer=HttpMetrics(registry)),
            Middleware(CrossOrigin, origins=dependencies.cors_origins),
            Middleware(Authentication, authenticator=authenticator),
            Middleware(BodyLimit),
            Middleware(Shortcut, routes=[route for router in routers for route in router.routes]),
        ],
    )
    app.add_exception_handler(WebSocketRequestValidationError, deny_invalid_socket)
    app.state.dependencies = dependencies
    app.state.authenticator = authenticator
    app.state.registry = registry
    app.state.feed = Feed(dependencies.database, dependencies.bus)
    app.state.ingest = IngestWatch(lambda: folder_of(dependencies.settings.data_dir))
    app.state.readiness = health.readiness(dependencies)
    for router in (health.router, metrics.router, documentation.router, endpoint.router, api_router(), *routers):
        app.include_router(router)
    # Whatever no route takes is a file of the viewer, a path that its page routes, or nothing.
    app.router.default = Viewer(dependencies.viewer)
    return app


def api_router() -> APIRouter:
    """Return all resources of `/api/v1`."""
    router = APIRouter(prefix="/api/v1")
    for resource in _RESOURCES:
        router.include_router(resource.router)
    return router


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with app.state.feed.running(), app.state.ingest.running():
        yield
