"""The WebSocket of the feed: `/ws/events?since=SEQ`."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, WebSocket

from access.permissions import Permission
from access.principals import Principal
from api.authorization import require
from api.dependencies import Web
from api.feed.connection import Close, Connection
from api.feed.reader import Feed

router = APIRouter()

_MOST_CLIENTS: Final = 1000


@router.websocket("/ws/events")
async def follow(
    socket: WebSocket,
    web: Web,
    principal: Annotated[Principal, Depends(require(Permission.READ_EVENTS))],
    since: Annotated[int | None, Query(ge=0, lt=1 << 63)] = None,
) -> None:
    """Send the feed: all after `since` from the log, then what happens; without `since` only that."""
    feed: Feed = socket.app.state.feed
    authenticator = socket.app.state.authenticator

    async def still_allowed() -> bool:
        identity = await authenticator.identify(socket)
        return identity is not None and identity.principal == principal

    await socket.accept()
    if feed.clients >= _MOST_CLIENTS:
        await socket.close(Close.TRY_LATER)
        return
    connection = Connection(socket, feed, principal.tenant, still_allowed=still_allowed, patience=web.patience)
    await connection.run(since)
