"""How much there is of everything, and how well it comes in."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel
from starlette.requests import Request

from access.permissions import Permission
from access.principals import Principal
from api.authorization import require
from api.dependencies import Web
from api.ingest_watch import Recent
from api.listing import Row
from api.resources.storage import StorageSpace, read_space
from archive import statistics
from archive.histograms import Histogram

router = APIRouter(prefix="/statistics", tags=["statistics"])


class StageTimes(BaseModel):
    """How long one stage of the ingest took: half of the times were below `p50_ms`, 99 of 100 below `p99_ms`."""

    count: int
    p50_ms: float
    p99_ms: float


class Ingest(BaseModel):
    """What came in lately, over all processes and tenants of the node.

    `rate` is in objects a second, over the last minute; the others are of the last ten minutes. The stages are
    `receive`, `header`, `fsync`, `rename`, `folder_fsync`, `index`, `commit` and `total`, as far as anything came in.
    """

    rate: float
    refused: int
    stages: dict[str, StageTimes]


class Statistics(Row):
    """Numbers of the principal's tenant; storage and ingest are the node's."""

    patients: int
    studies: int
    series: int
    instances: int
    bytes: int
    studies_by_status: dict[str, int]
    jobs: dict[str, int]
    results: dict[str, int]
    deliveries: dict[str, int]
    associations: dict[str, int]
    storage: StorageSpace
    ingest: Ingest


@router.get("", response_model=Statistics)
async def read_statistics(
    request: Request, web: Web, principal: Annotated[Principal, Depends(require(Permission.READ_STATISTICS))]
) -> Any:
    """Answer how much there is of everything, how much room is left, and how objects come in."""
    numbers = await web.database.read(statistics.node, now=web.now(), tenant=principal.tenant)
    recent = await request.app.state.ingest.recent()
    return {**numbers, "storage": await read_space(web.settings.storage), "ingest": _ingest(recent)}


def _ingest(recent: Recent) -> Ingest:
    stages = {stage.name.lower(): _times(histogram) for stage, histogram in recent.stages.items()}
    return Ingest(rate=round(recent.rate, 2), refused=recent.refused, stages=stages)


def _times(histogram: Histogram) -> StageTimes:
    return StageTimes(
        count=histogram.count, p50_ms=_milliseconds(histogram, 0.5), p99_ms=_milliseconds(histogram, 0.99)
    )


def _milliseconds(histogram: Histogram, share: float) -> float:
    return round((histogram.quantile(share) or 0.0) * 1000, 3)
