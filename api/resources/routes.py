"""Routing rules: which objects are sent on, and where."""

from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query

from access.permissions import Permission
from access.principals import Principal
from api.authorization import require
from api.declarations import declared, described
from api.dependencies import Web
from api.listing import Items, Listing, Row, read_page
from archive import routes
from config.declared import RouteDeclaration

router = APIRouter(prefix="/routes", tags=["routes"])

Reader = Annotated[Principal, Depends(require(Permission.READ_CONFIGURATION))]
Configurer = Annotated[Principal, Depends(require(Permission.CONFIGURE))]
Body = dict[str, Any]


class Route(Row):
    """A routing rule, with the keys of `[[route]]`."""

    name: str
    enabled: bool
    source: Literal["file", "runtime"]


class RouteListing(Listing):
    """Filters of the rules."""

    name: str | None = None
    source: Literal["file", "runtime"] | None = None


@router.get("", response_model=Items[Route])
async def list_routes(web: Web, listing: Annotated[RouteListing, Query()], principal: Reader) -> Any:
    """List routing rules."""
    return await read_page(web, routes.listing, principal, listing)


@router.post("", status_code=HTTPStatus.CREATED, response_model=Route, openapi_extra=described(RouteDeclaration))
async def add_route(web: Web, body: Body, principal: Configurer) -> Any:
    """Make a routing rule."""
    route = await web.database.write(routes.add, _route(body, principal), principal=principal.username, now=web.now())
    await web.wake("config")
    return routes.as_item(route)


@router.get("/{name}", response_model=Route)
async def read_route(web: Web, name: str, principal: Reader) -> Any:
    """Answer one routing rule."""
    return routes.as_item(await web.database.read(routes.get, principal.tenant, name))


@router.put("/{name}", response_model=Route, openapi_extra=described(RouteDeclaration, nameless=True))
async def replace_route(web: Web, name: str, body: Body, principal: Configurer) -> Any:
    """Put another rule in the place of this one; keys left out get their defaults, the name stays."""
    new = _route(body, principal, name)
    route = await web.database.write(
        routes.replace, principal.tenant, name, new, principal=principal.username, now=web.now()
    )
    await web.wake("config")
    return routes.as_item(route)


@router.delete("/{name}", status_code=HTTPStatus.NO_CONTENT)
async def remove_route(web: Web, name: str, principal: Configurer) -> None:
    """Forget a routing rule; one of the file is back at the next start."""
    await web.database.write(routes.remove, principal.tenant, name, principal=principal.username, now=web.now())
    await web.wake("config")


def _route(body: Body, principal: Principal, name: str | None = None) -> routes.Route:
    return routes.Route.of(declared(RouteDeclaration, body, principal, name=name).model_dump(by_alias=True))
