"""The audit trail."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from access.permissions import Permission
from access.principals import Principal
from api.authorization import require
from api.dependencies import Web
from api.listing import Items, Listing, Row, read_page
from archive import audit

router = APIRouter(prefix="/audit", tags=["audit"])


class AuditRecord(Row):
    """Who did what, when, and how it ended."""

    id: str
    time: str
    action: audit.Action
    outcome: audit.Outcome
    principal: str
    address: str
    study_uid: str | None
    detail: dict[str, Any]


class AuditListing(Listing):
    """Filters of the audit trail."""

    action: audit.Action | None = None
    outcome: audit.Outcome | None = None
    principal: str | None = None
    address: str | None = None
    study_uid: str | None = None


@router.get("", response_model=Items[AuditRecord])
async def list_audit(
    web: Web,
    listing: Annotated[AuditListing, Query()],
    principal: Annotated[Principal, Depends(require(Permission.READ_AUDIT))],
) -> Any:
    """List audit records, newest first."""
    return await read_page(web, audit.listing, principal, listing)
