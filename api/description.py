"""What OpenAPI says of all operations alike: who may call them, and how they refuse."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI

from api.credentials import COOKIE
from api.problems import MEDIA_TYPE

_METHODS: Final = ("get", "post", "put", "patch", "delete", "options")
_LOGIN: Final = ("/api/v1/session", "post")
_PROBLEM: Final = {
    "type": "object",
    "description": "What went wrong (RFC 9457).",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
}
_SCHEMES: Final = {
    "password": {"type": "http", "scheme": "basic"},
    "key": {"type": "http", "scheme": "bearer"},
    "session": {"type": "apiKey", "in": "cookie", "name": COOKIE},
}
# FastAPI speaks of these; this node answers problems in their place.
_REPLACED: Final = ("HTTPValidationError", "ValidationError")


def described(app: FastAPI) -> dict[str, Any]:
    """Give the description of an application; it is made once."""
    if app.openapi_schema is None:
        app.openapi_schema = completed(app.openapi())
    return app.openapi_schema


def completed(document: dict[str, Any]) -> dict[str, Any]:
    """Complete a description by what holds for all operations."""
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in _REPLACED:
        schemas.pop(name, None)
    schemas["Problem"] = _PROBLEM
    components["securitySchemes"] = _SCHEMES
    document["security"] = [{name: []} for name in _SCHEMES]
    shared: dict[str, Any] = components.setdefault("responses", {})
    for path, method, operation in operations(document):
        responses = operation["responses"]
        responses.pop(str(int(HTTPStatus.UNPROCESSABLE_ENTITY)), None)
        responses |= {str(status): refusal for status, refusal in refusals(*_refusals(path, method, operation)).items()}
        operation["responses"] = {status: _shared(each, shared) for status, each in responses.items()}
        if (path, method) == _LOGIN:
            operation["security"] = []
    return document


def refusals(*statuses: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    """Describe answers that are problems; a route adds those that it alone gives."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {int(status): {"description": status.phrase, "content": content} for status in statuses}


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Give path, method and description of each operation."""
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                yield path, method, item[method]


def _shared(response: dict[str, Any], shared: dict[str, Any]) -> dict[str, Any]:
    """Put a problem among those that all operations share, and refer to it."""
    if list(response.get("content", ())) != [MEDIA_TYPE]:
        return response
    name = response["description"].title().replace(" ", "")
    shared[name] = response
    return {"$ref": f"#/components/responses/{name}"}


def _refusals(path: str, method: str, operation: dict[str, Any]) -> Iterator[HTTPStatus]:
    yield HTTPStatus.UNAUTHORIZED
    yield HTTPStatus.FORBIDDEN
    # Too many wrong passwords.
    yield HTTPStatus.TOO_MANY_REQUESTS
    yield HTTPStatus.SERVICE_UNAVAILABLE
    # DICOMweb says itself what else there is.
    if not path.startswith("/api/"):
        return
    places = {parameter["in"] for parameter in operation.get("parameters", ())}
    if places or "requestBody" in operation:
        yield HTTPStatus.BAD_REQUEST
    if "path" in places:
        yield HTTPStatus.NOT_FOUND
    if method != "get":
        yield HTTPStatus.CONFLICT
    if "requestBody" in operation:
        yield HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        yield HTTPStatus.UNSUPPORTED_MEDIA_TYPE
        yield HTTPStatus.UNPROCESSABLE_ENTITY
