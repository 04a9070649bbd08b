"""Remote AEs: who may call this node, and where it sends to."""

import asyncio
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from access import remote_aes
from access.permissions import Permission
from access.principals import Principal
from api.authorization import require
from api.declarations import declared, described
from api.dependencies import Web
from api.listing import Items, Listing, Row, read_page
from api.peers import find_ae, peer_of
from api.problems import Problem
from config.declared import AEDeclaration
from routing.addresses import is_forbidden_host
from routing.echo import echo

router = APIRouter(prefix="/aes", tags=["aes"])

Reader = Annotated[Principal, Depends(require(Permission.READ_CONFIGURATION))]
Configurer = Annotated[Principal, Depends(require(Permission.CONFIGURE))]
Body = dict[str, Any]
# The AE title is the name, where none is given.
_BODY = described(AEDeclaration, nameless=True)


class RemoteAE(Row):
    """A remote application entity, with the keys of `[[ae]]`."""

    name: str
    ae_title: str
    host: str
    port: int
    allowed: list[str]
    results: bool | None
    source: Literal["file", "runtime"]


class AEListing(Listing):
    """Filters of the remote AEs."""

    name: str | None = None
    ae_title: str | None = None
    host: str | None = None
    source: Literal["file", "runtime"] | None = None


class EchoOutcome(BaseModel):
    """What came of a C-ECHO."""

    ok: bool
    milliseconds: int
    message: str


@router.get("", response_model=Items[RemoteAE])
async def list_aes(web: Web, listing: Annotated[AEListing, Query()], principal: Reader) -> Any:
    """List remote AEs."""
    return await read_page(web, remote_aes.listing, principal, listing)


@router.post("", status_code=HTTPStatus.CREATED, response_model=RemoteAE, openapi_extra=_BODY)
async def add_ae(web: Web, body: Body, principal: Configurer) -> Any:
    """Allow a remote AE in, and make it a possible destination."""
    new = _declared(body, principal)
    ae = await web.database.write(remote_aes.add, new, principal=principal.username, now=web.now())
    await web.wake("config")
    return remote_aes.as_item(ae)


@router.get("/{name}", response_model=RemoteAE)
async def read_ae(web: Web, name: str, principal: Reader) -> Any:
    """Answer one remote AE."""
    return remote_aes.as_item(await find_ae(web, name, principal))


@router.put("/{name}", response_model=RemoteAE, openapi_extra=_BODY)
async def replace_ae(web: Web, name: str, body: Body, principal: Configurer) -> Any:
    """Put other values in the place of a remote AE's; keys left out get their defaults, the name stays."""
    await find_ae(web, name, principal)
    new = _declared(body, principal, name)
    ae = await web.database.write(remote_aes.replace, name, new, principal=principal.username, now=web.now())
    await web.wake("config")
    return remote_aes.as_item(ae)


@router.delete("/{name}", status_code=HTTPStatus.NO_CONTENT)
async def remove_ae(web: Web, name: str, principal: Configurer) -> None:
    """Forget a remote AE; one of the file is back at the next start."""
    await find_ae(web, name, principal)
    await web.database.write(remote_aes.remove, name, principal=principal.username, now=web.now())
    await web.wake("config")


@router.post("/{name}/echo", response_model=EchoOutcome)
async def echo_ae(web: Web, name: str, principal: Configurer) -> Any:
    """Ask a remote AE whether it is there (C-ECHO), and say why it is not."""
    peer = peer_of(web, await find_ae(web, name, principal))
    outcome = await asyncio.to_thread(echo, peer)
    return {"ok": outcome.ok, "milliseconds": outcome.milliseconds, "message": outcome.message}


def _declared(body: Body, principal: Principal, name: str | None = None) -> remote_aes.RemoteAE:
    new = declared(AEDeclaration, body, principal, name=name)
    if is_forbidden_host(new.host):
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "body.host: the address is one that no DICOM peer has")
    return remote_aes.RemoteAE.declared(new)
