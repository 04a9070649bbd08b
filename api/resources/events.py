"""The status feed for clients without WebSocket."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from access.permissions import Permission
from access.principals import Principal
from api.authorization import require
from api.dependencies import Web
from api.listing import DEFAULT_LIMIT, LARGEST_LIMIT, Row
from archive import events

router = APIRouter(prefix="/events", tags=["events"])


class FeedMessage(Row):
    """A message of the feed."""

    seq: int
    time: str
    type: str
    tenant: str
    study_uid: str | None
    series_uid: str | None
    job_id: str | None
    data: dict[str, Any]


class FeedPage(BaseModel):
    """Messages, oldest first, and the number of the newest message there is."""

    items: list[FeedMessage]
    last_seq: int


class FeedQuery(BaseModel, extra="forbid"):
    """Where to start, and how much to answer."""

    since: Annotated[int, Field(ge=0, lt=1 << 63, description="`seq` of the last message the client has")] = 0
    limit: Annotated[int, Field(ge=1, le=LARGEST_LIMIT)] = DEFAULT_LIMIT


@router.get("", response_model=FeedPage)
async def list_events(
    web: Web,
    query: Annotated[FeedQuery, Query()],
    principal: Annotated[Principal, Depends(require(Permission.READ_EVENTS))],
) -> Any:
    """Answer the messages after `since`."""
    # Read first: a message that comes in between is above `last_seq`, and is asked for next time.
    last_seq = await web.database.read(events.last_seq, principal.tenant)
    items = await web.database.read(events.since, principal.tenant, query.since, query.limit)
    return {"items": items, "last_seq": max([last_seq, *(item["seq"] for item in items)])}
