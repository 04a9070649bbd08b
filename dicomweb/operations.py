"""The resources of DICOMweb as OpenAPI describes them: parameters, bodies, answers.

Made of the same table as the capabilities (PS3.18 Section 8.9), so that both say the same.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from dicomweb.parameter_schemas import ATTRIBUTES, PATH, QUERY, REQUIRED, TEXT
from dicomweb.problems import MEDIA_TYPE as PROBLEM
from dicomweb.resources import RESOURCES, Method

_VALUE: Final = {
    "type": "object",
    "required": ["vr"],
    "properties": {
        "vr": {"type": "string", "pattern": "^[A-Z]{2}$"},
        "Value": {"type": "array"},
        "InlineBinary": {"type": "string", "contentEncoding": "base64"},
        "BulkDataURI": {"type": "string"},
    },
    "additionalProperties": False,
}
_DATA_SET: Final = {"type": "object", "propertyNames": {"pattern": "^[0-9A-F]{8}$"}, "additionalProperties": _VALUE}
"""A data set in the DICOM JSON Model (PS3.18 Annex F.2)."""
_SCHEMAS: Final[Mapping[str, dict[str, Any]]] = {
    "application/dicom+json": {"type": "array", "items": _DATA_SET},
}
# Of what is sent, what nobody knows is passed over; one data set may stand without its list.
_TAKEN: Final = {"application/dicom+json": {"type": ["array", "object"], "items": {"type": "object"}}}
# The store's answer is one data set (PS3.18 Section 10.5.3).
_STORED: Final = {**_SCHEMAS, "application/dicom+json": _DATA_SET}

# All that is said with it may be left out (PS3.4 Table CC.2.2-1).
_BODY_OPTIONAL: Final = frozenset({"RequestCancellation"})

_READ: Final = (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.NOT_ACCEPTABLE)
_WRITE: Final = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
)
_CHANGE: Final = (*_WRITE, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT)
_SUBSCRIBE: Final = (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT)

_DONE: Final[Mapping[str, tuple[HTTPStatus, ...]]] = {
    "SearchFor": (HTTPStatus.OK, HTTPStatus.NO_CONTENT),
    "Retrieve": (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT, HTTPStatus.NOT_MODIFIED),
    "Store": (
        *(HTTPStatus.OK, HTTPStatus.ACCEPTED, HTTPStatus.CONFLICT),
        *(HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.INSUFFICIENT_STORAGE),
    ),
    "Delete": (HTTPStatus.NO_CONTENT,),
    "Create": (HTTPStatus.CREATED,),
    "Request": (HTTPStatus.ACCEPTED,),
    "Subscribe": (HTTPStatus.CREATED,),
}
_REFUSED: Final[Mapping[str, tuple[HTTPStatus, ...]]] = {
    "SearchFor": (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_ACCEPTABLE),
    "Retrieve": (*_READ, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE),
    "Store": (*_WRITE, HTTPStatus.NOT_ACCEPTABLE),
    "Delete": (HTTPStatus.NOT_FOUND,),
    "Create": (*_WRITE, HTTPStatus.CONFLICT),
    "Update": _CHANGE,
    "Change": _CHANGE,
    "Request": _CHANGE,
    "Subscribe": _SUBSCRIBE,
    "Unsubscribe": _SUBSCRIBE,
    "Suspend": _SUBSCRIBE,
}
UNDESCRIBED: Final = frozenset({"HEAD", "OPTIONS"})
"""They are there for every resource: as GET, and to say of the resource what is said here."""


def described(path: str, method: str) -> dict[str, Any]:
    """Give what FastAPI shall say of a route: arguments of `add_api_route`.

    Parameters
    ----------
    path
        Of the resource.
    method
        Of HTTP.
    """
    found = next(one for one in RESOURCES[path] if one.name == method)
    done = _starting(_DONE, found.id, (HTTPStatus.OK,))
    refused = _starting(_REFUSED, found.id, (HTTPStatus.BAD_REQUEST,))
    return {
        "status_code": int(done[0]),
        "responses": {
            **{int(status): _problem(status) for status in refused},
            **{int(status): _answer(status, found) for status in done},
        },
        "openapi_extra": {"parameters": [*_of_path(path), *_of_query(found)], **_body(found)},
    }


def _starting(
    table: Mapping[str, tuple[HTTPStatus, ...]], name: str, otherwise: tuple[HTTPStatus, ...]
) -> tuple[HTTPStatus, ...]:
    return next((statuses for begin, statuses in table.items() if name.startswith(begin)), otherwise)


def _answer(status: HTTPStatus, method: Method) -> dict[str, Any]:
    bodiless = status in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}
    return {"description": status.phrase} if bodiless else {"description": status.phrase, **_content(method)}


def _content(method: Method) -> dict[str, Any]:
    schemas = _STORED if method.id.startswith("Store") else _SCHEMAS
    return {"content": {name: _schema(schemas.get(name)) for name in _names(method.gives)}} if method.gives else {}


def _schema(schema: Mapping[str, Any] | None) -> dict[str, Any]:
    return {} if schema is None else {"schema": schema}


def _names(media_types: Sequence[str]) -> list[str]:
    """Give the media types without parameters, each once: of parts it is the multipart type that is sent."""
    return list(dict.fromkeys(media_type.partition(";")[0] for media_type in media_types))


def _problem(status: HTTPStatus) -> dict[str, Any]:
    return {"description": status.phrase, "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}}


def _of_path(path: str) -> list[dict[str, Any]]:
    names = [part.strip("{}").partition(":")[0] for part in path.split("/") if part.startswith("{")]
    return [{"name": name, "in": "path", "required": True, "schema": PATH.get(name, TEXT)} for name in names]


def _of_query(method: Method) -> list[Mapping[str, Any]]:
    return [ATTRIBUTES if name.startswith("{") else _query(name, method) for name in method.query]


def _query(name: str, method: Method) -> dict[str, Any]:
    given = {"type": "string", "examples": list(method.gives)}
    schema = given if name == "accept" and method.gives else QUERY.get(name, TEXT)
    return {"name": name, "in": "query", "required": name in REQUIRED, "schema": schema}


def _body(method: Method) -> dict[str, Any]:
    if not method.takes:
        return {}
    binary = {"type": "string", "format": "binary"}
    content = {name: {"schema": _TAKEN.get(name, binary)} for name in _names(method.takes)}
    return {"requestBody": {"required": method.id not in _BODY_OPTIONAL, "content": content}}
