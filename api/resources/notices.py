"""What is told to remote AEs: results of storage commitment, and which series are available."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query

from access.permissions import Permission
from access.principals import Principal
from api.authorization import require
from api.dependencies import Web
from api.listing import Items, Listing, Row, read_page
from archive import availability, commitments

router = APIRouter(tags=["notices"])

Reader = Annotated[Principal, Depends(require(Permission.READ_DELIVERIES))]
CommitmentStatus = Literal["requested", "examined", "reported", "failed"]
NotificationStatus = Literal["queued", "sent", "failed"]


class Commitment(Row):
    """A request for storage commitment; `objects` is how many it names, `not_committed` how many were refused."""

    id: str
    transaction_uid: str
    ae_title: str
    destination: str
    status: CommitmentStatus
    objects: int
    not_committed: int
    attempt: int
    error: str | None
    next_attempt: str | None
    created: str
    finished: str | None


class CommitmentListing(Listing):
    """Filters of the requests."""

    id: str | None = None
    transaction_uid: str | None = None
    ae_title: str | None = None
    destination: str | None = None
    status: CommitmentStatus | None = None


class Notification(Row):
    """An instance availability notification of one series, for one remote AE."""

    id: str
    study_uid: str
    series_uid: str
    destination: str
    status: NotificationStatus
    attempt: int
    error: str | None
    next_attempt: str | None
    created: str
    finished: str | None


class NotificationListing(Listing):
    """Filters of the notifications."""

    id: str | None = None
    study_uid: str | None = None
    series_uid: str | None = None
    destination: str | None = None
    status: NotificationStatus | None = None


@router.get("/commitments", response_model=Items[Commitment])
async def list_commitments(web: Web, listing: Annotated[CommitmentListing, Query()], principal: Reader) -> Any:
    """List requests for storage commitment, newest first."""
    return await read_page(web, commitments.listing, principal, listing)


@router.get("/notifications", response_model=Items[Notification])
async def list_notifications(web: Web, listing: Annotated[NotificationListing, Query()], principal: Reader) -> Any:
    """List instance availability notifications, newest first."""
    return await read_page(web, availability.listing, principal, listing)
