"""Associations: open and recent ones, and the refused ones with the reason."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from access.permissions import Permission
from access.principals import Principal
from api.authorization import require
from api.dependencies import Web
from api.listing import Items, Listing, Row, read_page
from archive import associations
from archive.associations import AssociationState

router = APIRouter(prefix="/associations", tags=["associations"])


class Association(Row):
    """One association. `reason` is as in "1/1/3 calling AE title not recognized" (PS3.8 Table 9-21)."""

    id: str
    time: str
    state: AssociationState
    calling_ae_title: str
    called_ae_title: str
    address: str
    reason: str | None


class AssociationListing(Listing):
    """Filters of the associations."""

    state: AssociationState | None = None
    calling_ae_title: str | None = None
    called_ae_title: str | None = None
    address: str | None = None


@router.get("", response_model=Items[Association])
async def list_associations(
    web: Web,
    listing: Annotated[AssociationListing, Query()],
    principal: Annotated[Principal, Depends(require(Permission.READ_ASSOCIATIONS))],
) -> Any:
    """List associations, newest first."""
    return await read_page(web, associations.listing, principal, listing)
