"""Deliveries: objects on their way to remote AEs."""

from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query

from access.permissions import Permission
from access.principals import Principal
from api.authorization import require
from api.dependencies import Web
from api.listing import Items, Listing, Row, read_page
from archive import deliveries
from archive.pages import parse_id

router = APIRouter(prefix="/deliveries", tags=["deliveries"])

Reader = Annotated[Principal, Depends(require(Permission.READ_DELIVERIES))]
Operator = Annotated[Principal, Depends(require(Permission.CONTROL_DELIVERIES))]
Status = Literal["queued", "sent", "confirmed", "failed"]


class Delivery(Row):
    """One object for one destination."""

    id: str
    study_uid: str
    sop_instance_uid: str
    destination: str
    status: Status
    attempt: int
    error: str | None
    next_attempt: str | None
    created: str


class DeliveryListing(Listing):
    """Filters of the deliveries."""

    id: str | None = None
    study_uid: str | None = None
    sop_instance_uid: str | None = None
    destination: str | None = None
    status: Status | None = None


@router.get("", response_model=Items[Delivery])
async def list_deliveries(web: Web, listing: Annotated[DeliveryListing, Query()], principal: Reader) -> Any:
    """List deliveries, newest first."""
    return await read_page(web, deliveries.listing, principal, listing)


@router.post("/{delivery_id}/retry", status_code=HTTPStatus.ACCEPTED, response_model=Delivery)
async def retry_delivery(web: Web, delivery_id: str, principal: Operator) -> Any:
    """Send an object that could not be delivered once more, now."""
    delivery = await web.database.write(
        deliveries.retry, principal.tenant, parse_id(delivery_id), principal=principal.username, now=web.now()
    )
    await web.wake("deliveries", "events")
    return delivery
