"""What went wrong, as HTTP says it: one table, and answers as `application/problem+json` (RFC 9457)."""

from http import HTTPStatus
from typing import Final

from starlette.responses import JSONResponse, Response

from archive.errors import (
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

MEDIA_TYPE: Final = "application/problem+json"

# Looked up along the class hierarchy.
_STATUSES: Final[dict[type[NodeError], HTTPStatus]] = {
    NodeError: HTTPStatus.INTERNAL_SERVER_ERROR,
    NotFound: HTTPStatus.NOT_FOUND,
    InvalidQuery: HTTPStatus.BAD_REQUEST,
    NotTranscodable: HTTPStatus.NOT_ACCEPTABLE,
    # What is stored cannot be shown in the wanted form: the request was right, the object is not.
    NotParsable: HTTPStatus.NOT_ACCEPTABLE,
    LimitExceeded: HTTPStatus.NOT_ACCEPTABLE,
    DuplicateRefused: HTTPStatus.CONFLICT,
    UidMismatch: HTTPStatus.CONFLICT,
    StorageFull: HTTPStatus.INSUFFICIENT_STORAGE,
    StorageFailed: HTTPStatus.SERVICE_UNAVAILABLE,
    DatabaseUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}


class Problem(Exception):
    """The request cannot be fulfilled.

    Parameters
    ----------
    status
        HTTP status of the answer.
    detail
        One sentence for the person who reads it; never patient data.
    """

    def __init__(self, status: HTTPStatus, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


def bad_request(detail: str) -> Problem:
    """Say that the request itself is wrong."""
    return Problem(HTTPStatus.BAD_REQUEST, detail)


def not_acceptable(detail: str) -> Problem:
    """Say that none of the wanted media types can be given."""
    return Problem(HTTPStatus.NOT_ACCEPTABLE, detail)


def status_of(error: NodeError) -> HTTPStatus:
    """Return the HTTP status that stands for an error of the archive."""
    return next(_STATUSES[kind] for kind in type(error).__mro__ if kind in _STATUSES)


def problem_response(status: HTTPStatus, detail: str) -> Response:
    """Build the answer."""
    document = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": detail}
    headers = {"Retry-After": "5"} if status is HTTPStatus.SERVICE_UNAVAILABLE else None
    return JSONResponse(document, status, headers, media_type=MEDIA_TYPE)
