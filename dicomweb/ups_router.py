"""The routes of UPS-RS, each with the permission that it needs (PS3.18 Table 11.1-1)."""

from collections.abc import Iterator
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from starlette.websockets import WebSocket

from access.permissions import Permission
from access.principals import Principal
from dicomweb.resources import SUBSCRIBER, WORKITEM, WORKITEMS
from dicomweb.services import ROOT, Authorize, Services
from dicomweb.ups import Handler, Ups, reporting_refusals
from dicomweb.ups_channel import UpsChannel

CHANNEL: Final = f"{ROOT}/subscribers/{{ae_title}}"


def worklist_routes(services: Services) -> Iterator[tuple[list[str], Permission, str, Handler]]:
    """Give methods, permission, path and handler of each route."""
    for method, path, permission, handler in _routes(Ups(services)):
        methods = ["GET", "HEAD"] if method == "GET" else [method]
        yield methods, permission, path, reporting_refusals(handler)


def add_channel(router: APIRouter, authorize: Authorize, services: Services) -> None:
    """Add the WebSocket of subscribers."""
    channel, reading = UpsChannel(services), authorize(Permission.READ_WORKLIST)

    @router.websocket(CHANNEL)
    async def follow(socket: WebSocket, principal: Annotated[Principal, Depends(reading)]) -> None:
        """Send a subscriber its event reports."""
        await channel.follow(socket, principal)


def _routes(ups: Ups) -> Iterator[tuple[str, str, Permission, Handler]]:
    yield "GET", WORKITEMS, Permission.READ_WORKLIST, ups.search
    yield "GET", WORKITEM, Permission.READ_WORKLIST, ups.retrieve
    # Whoever plans work may also perform it: engines are services.
    yield "POST", WORKITEMS, Permission.SCHEDULE, ups.create
    yield "POST", WORKITEM, Permission.SCHEDULE, ups.update
    yield "PUT", f"{WORKITEM}/state", Permission.SCHEDULE, ups.change_state
    yield "POST", f"{WORKITEM}/cancelrequest", Permission.SCHEDULE, ups.request_cancel
    yield "POST", SUBSCRIBER, Permission.READ_WORKLIST, ups.subscribe
    yield "DELETE", SUBSCRIBER, Permission.READ_WORKLIST, ups.unsubscribe
    yield "POST", f"{SUBSCRIBER}/suspend", Permission.READ_WORKLIST, ups.suspend
