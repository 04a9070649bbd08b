"""JSON Schema of a result, for models in other processes, on other machines or in containers."""

from typing import Any, Final


def _object(required: list[str], properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": required, "properties": properties, "additionalProperties": False}


def _list_of(name: str) -> dict[str, Any]:
    return {"type": "array", "items": _reference(name)}


def _reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/$defs/{name}"}


_CODE = _reference("code")
_TEXT = {"type": "string", "minLength": 1, "maxLength": 64}

RESULT_SCHEMA: Final[dict[str, Any]] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Result of an analyzer",
    **_object(
        [],
        {
            "findings": _list_of("finding"),
            "measurements": _list_of("measurement"),
            "masks": _list_of("mask"),
            "failed_parts": {"type": "array", "items": _TEXT},
        },
    ),
    "$defs": {
        "code": _object(
            ["value", "scheme", "meaning"],
            {"value": _TEXT, "scheme": _TEXT, "meaning": _TEXT, "version": _TEXT},
        ),
        "measurement": _object(
            ["name", "value", "unit"], {"name": _CODE, "value": {"type": "number"}, "unit": _CODE, "derivation": _CODE}
        ),
        "evaluation": _object(["name", "value"], {"name": _CODE, "value": _CODE}),
        "region": _object(
            ["sop_instance_uid", "shape", "points"],
            {
                "sop_instance_uid": _TEXT,
                "frame_number": {"type": "integer", "minimum": 1},
                "shape": {"enum": ["point", "polyline", "polygon", "circle"]},
                "space": {"enum": ["pixel", "patient"], "default": "pixel"},
                "points": {
                    "type": "array",
                    "minItems": 1,
                    "items": {"type": "array", "minItems": 2, "maxItems": 3, "items": {"type": "number"}},
                },
            },
        ),
        "mask": _object(
            ["shape", "bits", "label", "category", "property_type"],
            {
                "shape": {
                    "description": "slices, rows, columns, in the order of the series' slices",
                    "type": "array",
                    "minItems": 3,
                    "maxItems": 3,
                    "items": {"type": "integer", "minimum": 1},
                },
                "bits": {
                    "description": "base64 of zlib-compressed bits, first voxel in the lowest bit",
                    "type": "string",
                },
                "label": _TEXT,
                "category": _CODE,
                "property_type": _CODE,
                "site": _CODE,
                "laterality": _CODE,
                "colour": {
                    "type": "array",
                    "minItems": 3,
                    "maxItems": 3,
                    "items": {"type": "integer", "minimum": 0, "maximum": 255},
                },
            },
        ),
        "finding": _object(
            ["identifier", "finding"],
            {
                "identifier": _TEXT,
                "finding": _CODE,
                "abnormal": {"type": "boolean", "default": True},
                "category": _CODE,
                "site": _CODE,
                "laterality": _CODE,
                "topography": _CODE,
                "certainty_percent": {"type": "number", "minimum": 0, "maximum": 100},
                "measurements": _list_of("measurement"),
                "evaluations": _list_of("evaluation"),
                "region": _reference("region"),
                "mask": {"description": "index into masks", "type": "integer", "minimum": 0},
                "comment": {"type": "string"},
            },
        ),
    },
}
