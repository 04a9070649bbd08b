"""No body of `/api` is larger, or arrives more slowly, than any request needs."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from http import HTTPStatus
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import Problem, problem

# Bodies are JSON objects of a few keys. Uploads are streamed and have a limit of their own.
_LARGEST: Final = 1 << 20
_LIMITED: Final = "/api/"
_STREAMED: Final = "/api/v1/uploads"
# As long as a slow line may take for all of it.
_WHOLE_SECONDS: Final = 30.0
# As long as one may be interrupted in the middle of an upload, which may take hours.
_LONGEST_SILENCE_SECONDS: Final = 60.0
_DETAIL: Final = f"A body may have {_LARGEST} bytes here."


class BodyLimit:
    """ASGI middleware that refuses large bodies, announced or not, and those that do not come (RFC 9110, 15.5.9).

    A connection whose client waits in the middle of a body would be held for ever, by anybody: logins have bodies.

    Parameters
    ----------
    app
        The application behind.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] != "http" or not scope["path"].startswith(_LIMITED):
            await self._app(scope, receive, send)
            return
        if scope["path"] == _STREAMED:
            await self._app(scope, _arriving(receive, _silence), send)
            return
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdecimal() and int(announced) > _LARGEST:
            refusal = problem(scope["path"], HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _DETAIL)
            await refusal(scope, receive, send)
            return
        await self._app(scope, _counting(_arriving(receive, _whole())), send)


def _silence() -> AbstractAsyncContextManager[object]:
    return asyncio.timeout(_LONGEST_SILENCE_SECONDS)


def _whole() -> Callable[[], AbstractAsyncContextManager[object]]:
    end = asyncio.get_running_loop().time() + _WHOLE_SECONDS
    return lambda: asyncio.timeout_at(end)


def _arriving(receive: Receive, limit: Callable[[], AbstractAsyncContextManager[object]]) -> Receive:
    """Wait for the pieces of a body no longer than `limit` allows; for what follows, the client's leaving, always."""
    is_whole = False

    async def receive_in_time() -> Message:
        nonlocal is_whole
        if is_whole:
            return await receive()
        try:
            async with limit():
                message = await receive()
        except TimeoutError as error:
            headers = {"Connection": "close"}
            raise Problem(HTTPStatus.REQUEST_TIMEOUT, "The rest of the body did not come.", headers=headers) from error
        is_whole = not message.get("more_body", False)
        return message

    return receive_in_time


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
