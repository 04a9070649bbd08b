"""How much there is of everything."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from access.permissions import Permission
from access.principals import Principal
from api.authorization import require
from api.dependencies import Web
from api.listing import Row
from archive import statistics

router = APIRouter(prefix="/statistics", tags=["statistics"])


class Statistics(Row):
    """Numbers of the principal's tenant."""

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


@router.get("", response_model=Statistics)
async def read_statistics(
    web: Web, principal: Annotated[Principal, Depends(require(Permission.READ_STATISTICS))]
) -> Any:
    """Answer how much there is of everything."""
    return await web.database.read(statistics.node, now=web.now(), tenant=principal.tenant)
