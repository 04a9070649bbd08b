"""Analyzers: what is installed and whether it takes series."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends

from access.permissions import Permission
from access.principals import Principal
from api.authorization import require
from api.dependencies import Web
from api.listing import Items, Row

router = APIRouter(prefix="/analyzers", tags=["analyzers"])


class Analyzer(Row):
    """An installed analyzer. One that could not be loaded has no version."""

    name: str
    version: str | None
    enabled: bool
    loaded: bool
    is_mock: bool
    description: str


@router.get("", response_model=Items[Analyzer])
async def list_analyzers(web: Web, _: Annotated[Principal, Depends(require(Permission.READ_STATUS))]) -> Any:
    """List analyzers by name."""
    items = sorted(map(_item, web.analyzers()), key=lambda item: str(item["name"]))
    return {"items": items, "next": None}


def _item(described: Mapping[str, Any]) -> dict[str, Any]:
    shown = {"loaded": True, "description": "", **described}
    return {**shown, "is_mock": bool(shown.pop("mock", False) or shown.get("is_mock"))}
