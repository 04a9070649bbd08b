"""Bodies with the keys of `[[ae]]` and `[[route]]`: checked by the very models that check the file."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, TypeVar

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from access.principals import Principal
from api.problems import Problem

Declaration = TypeVar("Declaration", bound=BaseModel)

# Answers carry these beside the keys of the file: what was read may be sent back.
_READ_ONLY = frozenset({"id", "source"})


def declared(
    model: type[Declaration], body: Mapping[str, Any], principal: Principal, *, name: str | None = None
) -> Declaration:
    """Check a body.

    Parameters
    ----------
    model
        The declaration's model.
    body
        What was sent.
    principal
        Whose tenant the entry belongs to.
    name
        The name it keeps when the body has none.

    Raises
    ------
    RequestValidationError
        A key is missing, unknown, or has an impossible value, or the name is one that no path could have.
    Problem
        403 for an entry of another tenant.
    """
    values = {"tenant": principal.tenant, **{key: value for key, value in body.items() if key not in _READ_ONLY}}
    if name is not None:
        values.setdefault("name", name)
    try:
        declaration = model.model_validate(values)
    except ValidationError as error:
        details = [{**item, "loc": ("body", *item["loc"])} for item in error.errors(include_input=False)]
        raise RequestValidationError(details) from error
    if name is None and not is_addressable(values.get("name") or values.get("ae_title") or ""):
        raise RequestValidationError(
            [{"loc": ("body", "name"), "msg": "a name has no slash: it is a part of its path"}]
        )
    if values["tenant"] != principal.tenant:
        raise Problem(HTTPStatus.FORBIDDEN, "An entry of another tenant is not yours to configure.")
    return declaration


def is_addressable(name: str) -> bool:
    """Tell whether a name can be one segment of a path; a slash is none in any spelling, as servers decode it."""
    return "/" not in name and name not in {".", ".."}


def described(model: type[BaseModel], *, nameless: bool = False) -> dict[str, Any]:
    """Return what OpenAPI says of such a body, which may be without the name where the path has it."""
    schema = model.model_json_schema()
    if nameless:
        schema["required"] = [name for name in schema["required"] if name != "name"]
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}
