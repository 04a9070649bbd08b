"""Nobody gets past this layer without credentials, whatever route they ask for."""

from http import HTTPStatus

import structlog
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from api.authenticator import Authenticator
from api.crosssite import is_same_origin, may_change
from api.problems import problem, status_of
from archive.errors import NodeError

_log = structlog.get_logger()

# What stands outside of these is the viewer: files that are the same for everybody and carry no data.
_PROTECTED = ("/api", "/dicom-web", "/wado", "/ws", "/metrics")
_LOGIN = ("POST", "/api/v1/session")


class Authentication:
    """ASGI middleware in front of every route.

    Parameters
    ----------
    app
        The application behind.
    authenticator
        Knows who has which credentials.
    """

    def __init__(self, app: ASGIApp, authenticator: Authenticator) -> None:
        self._app = app
        self._authenticator = authenticator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its identity, or refuse it."""
        if scope["type"] not in {"http", "websocket"} or not _is_protected(scope["path"]):
            await self._app(scope, receive, send)
            return
        refusal = await self._refusal(scope)
        if refusal is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await WebSocket(scope, receive, send).send_denial_response(refusal)
        else:
            await refusal(scope, receive, send)

    async def _refusal(self, scope: Scope) -> Response | None:
        try:
            return await self._check(scope)
        except HTTPException as error:
            return problem(scope["path"], error.status_code, error.detail, headers=dict(error.headers or {}))
        except NodeError as error:
            return problem(scope["path"], status_of(error), str(error))

    async def _check(self, scope: Scope) -> Response | None:
        connection = HTTPConnection(scope)
        method, path = scope.get("method", "WEBSOCKET"), scope["path"]
        if (method, path) == _LOGIN:
            # Nobody is logged in by another site's page either.
            return None if is_same_origin(connection.headers) else _cross_site(path)
        identity = await self._authenticator.identify(connection)
        if identity is None:
            return _unauthorized(path, connection.headers)
        if identity.ambient and not may_change(method, connection.headers, identity.csrf):
            return _cross_site(path)
        connection.state.identity = identity
        return None


def _is_protected(path: str) -> bool:
    return any(path == prefix or path.startswith(f"{prefix}/") for prefix in _PROTECTED)


def _unauthorized(path: str, headers: Headers) -> Response:
    # A browser answers the challenge "Basic" with a dialog of its own in front of our page.
    is_browser = headers.get("user-agent", "").startswith("Mozilla/")
    challenge = "Bearer" if is_browser else 'Basic realm="Isocenter", charset="UTF-8", Bearer'
    detail = "Credentials are required: a session, an API key or a password."
    return problem(path, HTTPStatus.UNAUTHORIZED, detail, headers={"WWW-Authenticate": challenge})


def _cross_site(path: str) -> Response:
    _log.warning("cross_site_request_refused")
    detail = "The request comes from another site, or lacks the session's X-CSRF-Token."
    return problem(path, HTTPStatus.FORBIDDEN, detail)
