"""The feed's messages as JSON Schema, from which the viewer's types are made: `python -m archive.event_schema`."""

import json
import sys
from dataclasses import fields
from inspect import getdoc
from typing import Any, Final, get_args, get_type_hints

from archive.event_types import Event

_JSON_TYPES: Final[dict[object, str]] = {str: "string", int: "integer", bool: "boolean", type(None): "null"}
_ENVELOPE: Final[dict[str, Any]] = {
    "seq": {"type": "integer", "description": "Grows with each message."},
    "time": {"type": "string", "format": "date-time"},
    "tenant": {"type": "string"},
    "study_uid": {"type": ["string", "null"]},
    "series_uid": {"type": ["string", "null"]},
    "job_id": {"type": ["string", "null"]},
}


def schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of one message of the status feed."""
    kinds = get_args(Event)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "FeedMessage",
        "oneOf": [{"$ref": f"#/$defs/{kind.__name__}"} for kind in kinds],
        "$defs": {kind.__name__: _message_schema(kind) for kind in kinds},
    }


def _message_schema(kind: type[Any]) -> dict[str, Any]:
    properties = {**_ENVELOPE, "type": {"const": kind.type}, "data": _data_schema(kind)}
    return {
        "description": getdoc(kind),
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _data_schema(kind: type[Any]) -> dict[str, Any]:
    hints = get_type_hints(kind)
    properties = {field.name: {"type": _json_type(hints[field.name])} for field in fields(kind)}
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _json_type(hint: object) -> str | list[str]:
    if hint in _JSON_TYPES:
        return _JSON_TYPES[hint]
    return [_JSON_TYPES[part] for part in get_args(hint)]


if __name__ == "__main__":
    json.dump(schema(), sys.stdout, indent=2)
    sys.stdout.write("\n")
