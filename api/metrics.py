"""Prometheus metrics: what the database says at scrape time, and what this process saw itself."""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any, Final

import structlog
from fastapi import APIRouter, Depends
from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import Response

from access.permissions import Permission
from access.principals import Principal
from api.authorization import require
from api.dependencies import Web, WebDependencies
from api.ingest_metrics import IngestMetrics
from api.node_metrics import NodeMetrics
from archive import space, statistics
from archive.errors import NodeError
from archive.space import Space
from config.sections import StorageSettings

_log = structlog.get_logger()
router = APIRouter(include_in_schema=False)

# From a cached answer to a whole study.
_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

# A monitoring system gives up after ten seconds; without the database there is all the more to tell.
_DATABASE_SECONDS: Final = 4.0


class HttpMetrics:
    """Measurements of this process's requests.

    Parameters
    ----------
    registry
        Where they are kept.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._seconds = Histogram(
            "isocenter_http_request_seconds",
            "Time from a request to the end of its answer",
            ("method", "route", "status"),
            buckets=_BUCKETS,
            registry=registry,
        )
        # Found by its labels each is slower than it counts.
        self._kinds: dict[tuple[str, str, int], Histogram] = {}

    def observe(self, *, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request."""
        key = (method, route, status // 100)
        kind = self._kinds.get(key)
        if kind is None:
            kind = self._kinds[key] = self._seconds.labels(method, route, f"{key[2]}xx")
        kind.observe(seconds)


@router.get("/metrics")
async def metrics(
    request: Request, web: Web, _: Annotated[Principal, Depends(require(Permission.READ_METRICS))]
) -> Response:
    """Answer all metrics in the text format."""
    app = request.app.state
    numbers, condition, counts = await asyncio.gather(_numbers(web), app.readiness.condition(), app.ingest.counts())
    state = CollectorRegistry()
    state.register(
        NodeMetrics(
            numbers=numbers,
            condition=condition,
            parts=app.readiness.names,
            space=await asyncio.to_thread(_look, web.settings.storage),
            feed_clients=app.feed.clients,
        )
    )
    state.register(IngestMetrics(counts=counts))
    text = generate_latest(state) + generate_latest(app.registry)
    return Response(text, headers={"Content-Type": CONTENT_TYPE_LATEST})


async def _numbers(web: WebDependencies) -> Mapping[str, Any] | None:
    """Return what the database says, if it says anything in time."""
    try:
        async with asyncio.timeout(_DATABASE_SECONDS):
            return await web.database.read(statistics.node, now=web.now())
    except (NodeError, TimeoutError) as error:
        _log.warning("metrics_without_database", error=type(error).__name__)
        return None


def _look(storage: StorageSettings) -> Space | None:
    try:
        return space.look(storage)
    except NodeError:
        # The storage is gone, which `isocenter_ready` says.
        return None
