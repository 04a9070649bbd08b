"""Tenants: whose objects these credentials see."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from access.permissions import Permission
from access.principals import Principal
from api.authorization import require
from api.listing import Items, Row

router = APIRouter(prefix="/tenants", tags=["tenants"])


class Tenant(Row):
    """An owner of objects."""

    name: str


@router.get("", response_model=Items[Tenant])
async def list_tenants(principal: Annotated[Principal, Depends(require(Permission.READ_CONFIGURATION))]) -> Any:
    """List the tenants that these credentials see: their own."""
    return {"items": [{"name": principal.tenant}], "next": None}
