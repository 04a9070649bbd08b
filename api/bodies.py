"""No body is held in memory that is larger than any request of `/api` needs."""

from http import HTTPStatus
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import Problem, problem

# Bodies are JSON objects of a few keys. Uploads are streamed and have a limit of their own.
_LARGEST: Final = 1 << 20
_LIMITED: Final = "/api/"
_STREAMED: Final = "/api/v1/uploads"
_DETAIL: Final = f"A body may have {_LARGEST} bytes here."


class BodyLimit:
    """ASGI middleware that refuses large bodies, announced or not.

    Parameters
    ----------
    app
        The application behind.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] != "http" or not scope["path"].startswith(_LIMITED) or scope["path"] == _STREAMED:
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdecimal() and int(announced) > _LARGEST:
            refusal = problem(scope["path"], HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _DETAIL)
            await refusal(scope, receive, send)
            return
        await self._app(scope, _counting(receive), send)


def _counting(receive: Receive) -> Receive:
    size = 0

    async def receive_and_count() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > _LARGEST:
            raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _DETAIL)
        return message

    return receive_and_count
