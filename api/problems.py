"""Errors as `application/problem+json` (RFC 9457): one table from what happened to what HTTP says."""

from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError, ValidationException, WebSocketRequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.websockets import WebSocket

from api.methods import allowed
from archive.errors import (
    Conflict,
    DatabaseUnavailable,
    DuplicateRefused,
    InvalidQuery,
    LimitExceeded,
    NodeError,
    NotFound,
    NotParsable,
    NotTranscodable,
    StorageFailed,
    StorageFull,
    UidMismatch,
)

MEDIA_TYPE = "application/problem+json"
# Below these paths programs read the answers, elsewhere people do.
_PROGRAMS = ("/api/", "/dicom-web/", "/dicom-web", "/wado")

# Looked up along the class hierarchy, so that a subclass without its own line answers as its base does.
_STATUSES: dict[type[NodeError], HTTPStatus] = {
    NodeError: HTTPStatus.INTERNAL_SERVER_ERROR,
    NotFound: HTTPStatus.NOT_FOUND,
    Conflict: HTTPStatus.CONFLICT,
    DuplicateRefused: HTTPStatus.CONFLICT,
    UidMismatch: HTTPStatus.CONFLICT,
    InvalidQuery: HTTPStatus.BAD_REQUEST,
    NotParsable: HTTPStatus.BAD_REQUEST,
    LimitExceeded: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    NotTranscodable: HTTPStatus.NOT_ACCEPTABLE,
    StorageFull: HTTPStatus.INSUFFICIENT_STORAGE,
    StorageFailed: HTTPStatus.SERVICE_UNAVAILABLE,
    DatabaseUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}


class Problem(HTTPException):
    """The request cannot be fulfilled.

    Parameters
    ----------
    status
        HTTP status of the answer.
    detail
        One sentence for the person who reads it; never patient data.
    headers
        Further headers, such as Retry-After.
    extra
        Further members of the problem document.
    """

    def __init__(self, status: HTTPStatus, detail: str, *, headers: dict[str, str] | None = None, **extra: Any) -> None:
        super().__init__(status, detail, headers)
        self.extra = extra


def status_of(error: NodeError) -> HTTPStatus:
    """Return the HTTP status that stands for `error`."""
    return next(_STATUSES[kind] for kind in type(error).__mro__ if kind in _STATUSES)


def problem(path: str, status: int, detail: str, *, headers: dict[str, str] | None = None, **extra: Any) -> Response:
    """Build the answer: a problem document below `/api` and `/dicom-web`, one line of text elsewhere."""
    title = HTTPStatus(status).phrase
    if not path.startswith(_PROGRAMS):
        return PlainTextResponse(f"{title}: {detail}\n", status, headers)
    document = {"type": "about:blank", "title": title, "status": status, "detail": detail, **extra}
    return JSONResponse(document, status, headers, media_type=MEDIA_TYPE)


async def answer_http_exception(request: Request, error: Exception) -> Response:
    """Answer what routing, a handler or a dependency refused."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class only
    extra = error.extra if isinstance(error, Problem) else {}
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        # A page of the viewer has no route, and names its methods itself.
        headers["Allow"] = allowed(request.app.routes, request.url.path) or headers.get("Allow", "")
    return problem(request.url.path, error.status_code, error.detail, headers=headers, **extra)


async def answer_node_error(request: Request, error: Exception) -> Response:
    """Answer what the archive refused."""
    assert isinstance(error, NodeError)  # noqa: S101 - registered for this class only
    status = status_of(error)
    headers = {"Retry-After": "5"} if status is HTTPStatus.SERVICE_UNAVAILABLE else None
    return problem(request.url.path, status, str(error), headers=headers)


async def answer_validation_error(request: Request, error: Exception) -> Response:
    """Answer parameters (400) and bodies (422) of the wrong shape: names and reasons, never the values sent."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class only
    return _invalid(request.url.path, error)


async def deny_invalid_socket(socket: WebSocket, error: Exception) -> None:
    """Refuse the handshake of a WebSocket with parameters of the wrong shape (400), and say which."""
    assert isinstance(error, WebSocketRequestValidationError)  # noqa: S101 - registered for this class only
    await socket.send_denial_response(_invalid(socket.url.path, error))


def _invalid(path: str, error: ValidationException) -> Response:
    errors = [{"where": ".".join(str(part) for part in item["loc"]), "reason": item["msg"]} for item in error.errors()]
    in_body = any(item["where"].startswith("body") for item in errors)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if in_body else HTTPStatus.BAD_REQUEST
    detail = "; ".join(f"{item['where']}: {item['reason']}" for item in errors)
    return problem(path, status, detail, errors=errors)
