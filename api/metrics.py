"""Prometheus metrics: what the database says at scrape time, and what this process saw itself."""

import asyncio
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends
from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response

from access.permissions import Permission
from access.principals import Principal
from api.authorization import require
from api.dependencies import Web
from archive import statistics

router = APIRouter(include_in_schema=False)

# From a cached answer to a whole study.
_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

_BY_STATE: Final = (("jobs", "status"), ("results", "state"), ("deliveries", "status"), ("associations", "state"))


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

    def observe(self, *, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request."""
        self._seconds.labels(method, route, f"{status // 100}xx").observe(seconds)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)  # registries tell collectors apart by identity
class _Snapshot(Collector):
    """The node's numbers at one moment, as a collector."""

    numbers: Mapping[str, Any]
    free_bytes: int
    feed_clients: int

    def collect(self) -> Iterator[Metric]:
        numbers = self.numbers
        for name in ("patients", "studies", "series", "instances", "bytes"):
            yield GaugeMetricFamily(f"isocenter_stored_{name}", f"Stored {name}", value=numbers[name])
        for name, label in _BY_STATE:
            family = GaugeMetricFamily(f"isocenter_{name}", f"{name.capitalize()} by {label}", labels=[label])
            for value, count in numbers[name].items():
                family.add_metric([value], count)
            yield family
        yield GaugeMetricFamily("isocenter_storage_free_bytes", "Free space of the storage", value=self.free_bytes)
        yield GaugeMetricFamily("isocenter_feed_clients", "WebSockets of this process", value=self.feed_clients)


@router.get("/metrics")
async def metrics(
    request: Request, web: Web, _: Annotated[Principal, Depends(require(Permission.READ_METRICS))]
) -> Response:
    """Answer all metrics in the text format."""
    numbers = await web.database.read(statistics.node, now=web.now())
    disk = await asyncio.to_thread(shutil.disk_usage, web.settings.storage.folder)
    state = CollectorRegistry()
    state.register(_Snapshot(numbers=numbers, free_bytes=disk.free, feed_clients=request.app.state.feed.clients))
    text = generate_latest(state) + generate_latest(request.app.state.registry)
    return Response(text, headers={"Content-Type": CONTENT_TYPE_LATEST})
