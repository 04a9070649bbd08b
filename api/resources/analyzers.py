"""Analyzers: what is installed and whether it takes series."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from access.permissions import Permission
from access.principals import Principal
from api.authorization import require
from api.dependencies import Web
from api.listing import Items, Row

router = APIRouter(prefix="/analyzers", tags=["analyzers"])


class Analyzer(Row):
    """An installed analyzer."""

    name: str
    version: str
    enabled: bool
    is_mock: bool
    description: str


@router.get("", response_model=Items[Analyzer])
async def list_analyzers(web: Web, _: Annotated[Principal, Depends(require(Permission.READ_STATUS))]) -> Any:
    """List analyzers by name."""
    items = sorted((dict(analyzer) for analyzer in web.analyzers()), key=lambda item: str(item["name"]))
    return {"items": items, "next": None}
