"""Remote archives: what they have, and how it comes here."""

import asyncio
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from access import remote_aes
from access.permissions import Permission
from access.principals import Principal
from api.authorization import require
from api.dependencies import Web
from api.description import refusals
from api.listing import Row
from api.peers import find_ae, peer_of
from api.problems import Problem
from api.resources.retrievals import Retrieval
from archive import audit, retrievals
from archive.uids import MAX_UID_LENGTH
from routing.errors import WireError
from routing.remote_query import Level, RemoteQuery, UnknownKey, find, identifier_of
from routing.remote_retrieve import Method

router = APIRouter(tags=["remote"])

Asker = Annotated[Principal, Depends(require(Permission.QUERY_REMOTE))]
Uid = Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]+)*$", max_length=MAX_UID_LENGTH)]
_MOST_PEERS: Final = 1_000


class Body(BaseModel):
    """A request; keys that it does not have are refused."""

    model_config = ConfigDict(extra="forbid")


class QueryBody(Body):
    """What is asked of a remote archive: values by keyword, such as `{"PatientName": "DOE*"}`."""

    level: Level = Level.STUDY
    keys: Annotated[dict[str, Annotated[str, Field(max_length=1024)]], Field(max_length=64)] = Field(
        default_factory=dict
    )
    limit: Annotated[int, Field(ge=1, le=1000)] = 200


class QueryAnswer(BaseModel):
    """What it has: each match as values by keyword; `more` says that the limit left some out."""

    items: list[dict[str, str]]
    more: bool


class RetrieveBody(Body):
    """What is wanted: a study, or only some of its series."""

    study_uid: Uid
    series_uids: Annotated[list[Uid], Field(max_length=1000)] = Field(default_factory=list)
    method: Method = Method.GET


class PeerName(Row):
    """A remote AE, as far as whoever asks it must know it."""

    name: str
    ae_title: str


class Peers(BaseModel):
    """All that may be asked."""

    items: list[PeerName]
    next: str | None


@router.get("/peers", response_model=Peers)
async def list_peers(web: Web, principal: Asker) -> Any:
    """List the remote AEs that may be asked, by name."""
    page = await web.database.read(remote_aes.listing, principal.tenant, limit=_MOST_PEERS)
    names = [{"name": item["name"], "ae_title": item["ae_title"]} for item in page.items]
    return {"items": sorted(names, key=lambda item: item["name"]), "next": None}


@router.post("/aes/{name}/query", response_model=QueryAnswer, responses=refusals(HTTPStatus.BAD_GATEWAY))
async def query_ae(web: Web, name: str, body: QueryBody, principal: Asker) -> Any:
    """Ask a remote archive (C-FIND). 502 with the reason where it cannot be asked or refuses."""
    ae = await find_ae(web, name, principal)
    query = RemoteQuery(level=body.level, keys=body.keys, limit=body.limit)
    try:
        identifier_of(query)
    except UnknownKey as error:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from error
    outcome, detail = audit.Outcome.FAILURE, {"remote_ae": name, "level": body.level.value, "keys": sorted(body.keys)}
    try:
        found = await asyncio.to_thread(find, peer_of(web, ae), query)
        outcome = audit.Outcome.SUCCESS
    except WireError as error:
        raise Problem(HTTPStatus.BAD_GATEWAY, f"{name}: {error}") from error
    finally:
        await web.database.write(
            audit.append,
            principal.tenant,
            audit.Action.REMOTE_QUERY,
            outcome,
            principal.username,
            now=web.now(),
            detail=detail,
        )
    return {"items": found.matches, "more": found.more}


@router.post("/aes/{name}/retrieve", status_code=HTTPStatus.ACCEPTED, response_model=Retrieval)
async def retrieve_from_ae(web: Web, name: str, body: RetrieveBody, principal: Asker) -> Any:
    """Have a study, or series of it, sent here by a remote archive (C-GET or C-MOVE); see `retrievals`."""
    await find_ae(web, name, principal)
    item = await web.database.write(
        retrievals.enqueue,
        principal.tenant,
        remote_ae=name,
        method=body.method.value,
        study_uid=body.study_uid,
        series_uids=body.series_uids,
        principal=principal.username,
        now=web.now(),
    )
    await web.wake("retrievals")
    return item
