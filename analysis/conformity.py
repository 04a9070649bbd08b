"""Whether a JSON value follows a JSON Schema, for the keywords that `result_schema` uses.

What a model misspells must not be taken for silence: a report without findings would come of it.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "object": (Mapping,),
    "array": (list, tuple),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
}


def violations(value: object, schema: Mapping[str, Any], root: Mapping[str, Any], path: str = "$") -> Iterator[str]:
    """Name each place of `value` that does not follow `schema`, and why.

    Parameters
    ----------
    root
        The whole schema, whose `$defs` references name.
    path
        Where the value stands.
    """
    if "$ref" in schema:
        schema = root["$defs"][str(schema["$ref"]).rpartition("/")[2]]
    kind = schema.get("type")
    if kind is not None and not _is(value, kind):
        yield f"{path} is no {kind}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{path} is none of {', '.join(schema['enum'])}"
    yield from _contents(value, schema, root, path)


def _contents(value: object, schema: Mapping[str, Any], root: Mapping[str, Any], path: str) -> Iterator[str]:
    """Name what is wrong within a value of the right type."""
    if isinstance(value, Mapping):
        yield from _object(value, schema, root, path)
    elif isinstance(value, list | tuple):
        yield from _outside(len(value), schema.get("minItems"), schema.get("maxItems"), f"the length of {path}")
        for index, item in enumerate(value):
            yield from violations(item, schema.get("items", {}), root, f"{path}[{index}]")
    elif isinstance(value, str):
        yield from _outside(len(value), schema.get("minLength"), schema.get("maxLength"), f"the length of {path}")
    elif isinstance(value, int | float):
        yield from _outside(value, schema.get("minimum"), schema.get("maximum"), path)


def _is(value: object, kind: str) -> bool:
    """Whether a value is of a type of JSON; truth values are no numbers there, and neither is NaN."""
    if isinstance(value, bool):
        return kind == "boolean"
    if isinstance(value, float) and not math.isfinite(value):
        return False
    return isinstance(value, _TYPES[kind])


def _object(value: Mapping[Any, Any], schema: Mapping[str, Any], root: Mapping[str, Any], path: str) -> Iterator[str]:
    known = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{path} has no {name}"
    for name, item in value.items():
        if name in known:
            yield from violations(item, known[name], root, f"{path}.{name}")
        elif schema.get("additionalProperties") is False:
            yield f"{path} has {name!r}, which means nothing"


def _outside(value: float, low: float | None, high: float | None, what: str) -> Iterator[str]:
    if (low is not None and value < low) or (high is not None and value > high):
        yield f"{what} is {value}, which is too {'small' if low is not None and value < low else 'large'}"
