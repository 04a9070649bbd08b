"""Retrievals: what remote archives are asked to send here, and how far that is."""

from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query

from access.permissions import Permission
from access.principals import Principal
from api.authorization import require
from api.dependencies import Web
from api.listing import Items, Listing, Row, read_page
from archive import retrievals
from archive.pages import parse_id

router = APIRouter(prefix="/retrievals", tags=["remote"])

Asker = Annotated[Principal, Depends(require(Permission.QUERY_REMOTE))]
Status = Literal["queued", "running", "complete", "partial", "failed", "canceled"]
MethodName = Literal["get", "move"]


class Retrieval(Row):
    """One wish, and the objects as the peer counts them; `remaining` is null until it does."""

    id: str
    remote_ae: str
    method: MethodName
    study_uid: str
    series_uids: list[str]
    status: Status
    remaining: int | None
    completed: int
    failed: int
    warning: int
    message: str
    cancel_requested: bool
    principal: str
    created: str
    finished: str | None


class RetrievalListing(Listing):
    """Filters of the retrievals."""

    id: str | None = None
    remote_ae: str | None = None
    method: MethodName | None = None
    study_uid: str | None = None
    status: Status | None = None
    principal: str | None = None


@router.get("", response_model=Items[Retrieval])
async def list_retrievals(web: Web, listing: Annotated[RetrievalListing, Query()], principal: Asker) -> Any:
    """List retrievals, newest first."""
    return await read_page(web, retrievals.listing, principal, listing)


@router.get("/{retrieval_id}", response_model=Retrieval)
async def read_retrieval(web: Web, retrieval_id: str, principal: Asker) -> Any:
    """Answer one retrieval."""
    return await web.database.read(retrievals.get, principal.tenant, parse_id(retrieval_id))


@router.post("/{retrieval_id}/cancel", status_code=HTTPStatus.ACCEPTED, response_model=Retrieval)
async def cancel_retrieval(web: Web, retrieval_id: str, principal: Asker) -> Any:
    """Stop a retrieval (C-CANCEL); what has come stays."""
    item = await web.database.write(
        retrievals.request_cancel,
        principal.tenant,
        parse_id(retrieval_id),
        principal=principal.username,
        now=web.now(),
    )
    await web.wake("retrievals")
    return item
