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
from api.dependencies import Web, WebDependencies
from api.listing import Items, Listing, Row, read_page
from api.problems import Problem
from config.declared import AEDeclaration
from routing.echo import echo
from routing.peers import Peer
from routing.tls_contexts import requestor_context
from routing.tls_files import CurrentContext

router = APIRouter(prefix="/aes", tags=["aes"])

Reader = Annotated[Principal, Depends(require(Permission.READ_CONFIGURATION))]
Configurer = Annotated[Principal, Depends(require(Permission.CONFIGURE))]
Body = dict[str, Any]


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


@router.post("", status_code=HTTPStatus.CREATED, response_model=RemoteAE, openapi_extra=described(AEDeclaration))
async def add_ae(web: Web, body: Body, principal: Configurer) -> Any:
    """Allow a remote AE in, and make it a possible destination."""
    new = remote_aes.RemoteAE.declared(declared(AEDeclaration, body, principal))
    ae = await web.database.write(remote_aes.add, new, principal=principal.username, now=web.now())
    await web.wake("config")
    return remote_aes.as_item(ae)


@router.get("/{name}", response_model=RemoteAE)
async def read_ae(web: Web, name: str, principal: Reader) -> Any:
    """Answer one remote AE."""
    return remote_aes.as_item(await _find(web, name, principal))


@router.put("/{name}", response_model=RemoteAE, openapi_extra=described(AEDeclaration))
async def replace_ae(web: Web, name: str, body: Body, principal: Configurer) -> Any:
    """Put other values in the place of a remote AE's; keys left out get their defaults, the name stays."""
    await _find(web, name, principal)
    new = remote_aes.RemoteAE.declared(declared(AEDeclaration, body, principal, name=name))
    ae = await web.database.write(remote_aes.replace, name, new, principal=principal.username, now=web.now())
    await web.wake("config")
    return remote_aes.as_item(ae)


@router.delete("/{name}", status_code=HTTPStatus.NO_CONTENT)
async def remove_ae(web: Web, name: str, principal: Configurer) -> None:
    """Forget a remote AE; one of the file is back at the next start."""
    await _find(web, name, principal)
    await web.database.write(remote_aes.remove, name, principal=principal.username, now=web.now())
    await web.wake("config")


@router.post("/{name}/echo", response_model=EchoOutcome)
async def echo_ae(web: Web, name: str, principal: Configurer) -> Any:
    """Ask a remote AE whether it is there (C-ECHO), and say why it is not."""
    ae = await _find(web, name, principal)
    peer = Peer(
        name=ae.name,
        ae_title=ae.ae_title,
        host=ae.host,
        port=ae.port,
        calling_ae_title=web.settings.dicom.ae_title,
        tls=CurrentContext(requestor_context, web.settings.dicom.tls) if ae.tls else None,
    )
    outcome = await asyncio.to_thread(echo, peer)
    return {"ok": outcome.ok, "milliseconds": outcome.milliseconds, "message": outcome.message}


async def _find(web: WebDependencies, name: str, principal: Principal) -> remote_aes.RemoteAE:
    ae = await web.database.read(remote_aes.get, name)
    if ae.tenant != principal.tenant:
        raise Problem(HTTPStatus.NOT_FOUND, f"No remote AE is called {name!r}.")
    return ae
