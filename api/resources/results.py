"""Results of analyzers, and what people decide about them."""

from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field, StringConstraints
from starlette.responses import FileResponse, Response

from access.permissions import Permission
from access.principals import Principal
from api.authorization import require
from api.dependencies import Web
from api.listing import Items, Listing, Row, read_page
from api.problems import Problem
from api.verification import verify
from archive import results, retrieve
from archive.pages import parse_id
from archive.result_states import ResultState

router = APIRouter(prefix="/results", tags=["results"])

Reader = Annotated[Principal, Depends(require(Permission.READ_RESULTS))]
Decider = Annotated[Principal, Depends(require(Permission.DECIDE_RESULTS))]
HiddenReader = Annotated[Principal, Depends(require(Permission.READ_HIDDEN_RESULTS))]


class Result(Row):
    """An object that an analyzer made."""

    id: str
    job_id: str | None
    study_uid: str
    series_uid: str
    sop_instance_uid: str
    sop_class_uid: str
    modality: str
    analyzer: str
    version: str
    state: ResultState
    predecessor_uid: str | None
    created: str


class ResultListing(Listing):
    """Filters of the results. Without `state` those that count: preliminary and accepted ones."""

    id: str | None = None
    job_id: str | None = None
    study_uid: str | None = None
    series_uid: str | None = None
    analyzed_series_uid: str | None = None
    sop_instance_uid: str | None = None
    sop_class_uid: str | None = None
    modality: str | None = None
    analyzer: str | None = None
    version: str | None = None
    state: ResultState | Literal["all"] | None = None


class Acceptance(BaseModel, extra="forbid"):
    """What a person says when accepting a result."""

    comment: Annotated[str, Field(max_length=1024)] = ""


class Rejection(BaseModel, extra="forbid"):
    """Why a person rejects a result."""

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1024)]


@router.get("", response_model=Items[Result])
async def list_results(web: Web, listing: Annotated[ResultListing, Query()], principal: Reader) -> Any:
    """List results, newest first."""
    return await read_page(web, results.listing, principal, listing)


@router.get("/{result_id}", response_model=Result)
async def read_result(web: Web, result_id: str, principal: Reader) -> Any:
    """Answer one result."""
    return await web.database.read(results.get, principal.tenant, parse_id(result_id))


@router.get("/{result_id}/object", response_class=Response)
async def read_object(web: Web, result_id: str, principal: HiddenReader) -> Response:
    """Answer the DICOM object of a result, of a rejected one too, which no other service answers."""
    result = await web.database.read(results.get, principal.tenant, parse_id(result_id))
    found = await web.database.read(
        retrieve.instances, principal.tenant, sop_uids=[result["sop_instance_uid"]], include_hidden=True
    )
    if not found:
        raise Problem(HTTPStatus.NOT_FOUND, "The object is not here.")
    return FileResponse(web.archive.blobs.path(found[0].key), media_type="application/dicom")


@router.post("/{result_id}/accept", response_model=Result)
async def accept_result(web: Web, result_id: str, principal: Decider, acceptance: Acceptance | None = None) -> Any:
    """Accept a report: a new one is made, verified by the person whose session this is, and delivered."""
    comment = acceptance.comment if acceptance else ""
    result = await verify(web, principal, parse_id(result_id), comment)
    await web.wake("events", "deliveries", "arrivals")
    return result


@router.post("/{result_id}/reject", response_model=Result)
async def reject_result(web: Web, result_id: str, rejection: Rejection, principal: Decider) -> Any:
    """Reject a result: it and what else its run made are no longer answered to other systems."""
    result = await web.database.write(
        results.reject,
        principal.tenant,
        parse_id(result_id),
        principal=principal.username,
        reason=rejection.reason,
        now=web.now(),
    )
    await web.wake("events")
    return result
