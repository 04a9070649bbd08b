"""A result as JSON: what a model in another process or container answers.

`RESULT_SCHEMA` is the contract (JSON Schema 2020-12). Masks are packed bits, compressed with zlib, as base64.
"""

import base64
import binascii
import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from analysis.conformity import violations
from analysis.errors import InvalidResult
from analysis.findings import Code, Evaluation, Finding, Mask, Measurement, Region, Result, Shape, Space
from analysis.result_schema import RESULT_SCHEMA

__all__ = ["RESULT_SCHEMA", "result_from_json", "result_to_json"]

Json = Mapping[str, Any]
_FINDING_CODES = ("finding", "category", "site", "laterality", "topography")


def result_to_json(result: Result) -> dict[str, Any]:
    """Write a result as JSON values."""
    return {
        "findings": [_finding_to_json(item) for item in result.findings],
        "measurements": [_measurement_to_json(item) for item in result.measurements],
        "masks": [_mask_to_json(item) for item in result.masks],
        "failed_parts": list(result.failed_parts),
    }


def result_from_json(value: Json) -> Result:
    """Read what a model answered.

    Raises
    ------
    InvalidResult
        If it does not follow `RESULT_SCHEMA`.
    """
    faults = list(violations(value, RESULT_SCHEMA, RESULT_SCHEMA))
    if faults:
        raise InvalidResult([f"the answer does not follow the schema: {fault}" for fault in faults])
    try:
        return Result(
            findings=tuple(_finding(item) for item in value.get("findings", ())),
            measurements=tuple(_measurement(item) for item in value.get("measurements", ())),
            masks=tuple(_mask(item) for item in value.get("masks", ())),
            failed_parts=tuple(str(name) for name in value.get("failed_parts", ())),
        )
    except (KeyError, TypeError, ValueError, AttributeError, binascii.Error, zlib.error) as error:
        raise InvalidResult([f"the answer does not follow the schema ({type(error).__name__}: {error})"]) from error


def _finding_to_json(finding: Finding) -> dict[str, Any]:
    value: dict[str, Any] = {
        name: _code_to_json(getattr(finding, name)) for name in _FINDING_CODES if getattr(finding, name) is not None
    }
    for name in ("identifier", "abnormal", "certainty_percent", "mask", "comment"):
        if getattr(finding, name) is not None:
            value[name] = getattr(finding, name)
    value["measurements"] = [_measurement_to_json(item) for item in finding.measurements]
    value["evaluations"] = [
        {"name": _code_to_json(item.name), "value": _code_to_json(item.value)} for item in finding.evaluations
    ]
    if finding.region is not None:
        value["region"] = _region_to_json(finding.region)
    return value


def _measurement_to_json(measurement: Measurement) -> dict[str, Any]:
    value = {
        "name": _code_to_json(measurement.name),
        "value": measurement.value,
        "unit": _code_to_json(measurement.unit),
    }
    if measurement.derivation is not None:
        value["derivation"] = _code_to_json(measurement.derivation)
    return value


def _region_to_json(region: Region) -> dict[str, Any]:
    value = {
        "sop_instance_uid": region.sop_instance_uid,
        "shape": region.shape.value,
        "space": region.space.value,
        "points": [list(point) for point in region.points],
    }
    return value if region.frame_number is None else {**value, "frame_number": region.frame_number}


def _mask_to_json(mask: Mask) -> dict[str, Any]:
    bits = np.packbits(np.ascontiguousarray(mask.array, dtype=bool).reshape(-1), bitorder="little")
    value: dict[str, Any] = {
        "shape": list(mask.array.shape),
        "bits": base64.b64encode(zlib.compress(bits.tobytes())).decode(),
        "label": mask.label,
        "colour": list(mask.colour),
    }
    for name in ("category", "property_type", "site", "laterality"):
        if getattr(mask, name) is not None:
            value[name] = _code_to_json(getattr(mask, name))
    return value


def _code_to_json(code: Code) -> dict[str, str]:
    return {item.name: getattr(code, item.name) for item in fields(Code) if getattr(code, item.name) is not None}


def _finding(value: Json) -> Finding:
    region = value.get("region")
    return Finding(
        identifier=str(value["identifier"]),
        abnormal=bool(value.get("abnormal", True)),
        certainty_percent=_number_or_none(value.get("certainty_percent")),
        measurements=tuple(_measurement(item) for item in value.get("measurements", ())),
        evaluations=tuple(
            Evaluation(name=_code(item["name"]), value=_code(item["value"])) for item in value.get("evaluations", ())
        ),
        region=None if region is None else _region(region),
        mask=None if value.get("mask") is None else int(value["mask"]),
        comment=value.get("comment"),
        finding=_code(value["finding"]),
        category=_code_or_none(value.get("category")),
        site=_code_or_none(value.get("site")),
        laterality=_code_or_none(value.get("laterality")),
        topography=_code_or_none(value.get("topography")),
    )


def _measurement(value: Json) -> Measurement:
    return Measurement(
        name=_code(value["name"]),
        value=float(value["value"]),
        unit=_code(value["unit"]),
        derivation=_code_or_none(value.get("derivation")),
    )


def _region(value: Json) -> Region:
    space = Space(value.get("space", Space.PIXEL))
    points = tuple(tuple(float(number) for number in point) for point in value["points"])
    dimensions = 2 if space is Space.PIXEL else 3
    if not points or any(len(point) != dimensions for point in points):
        raise ValueError("points of a region")
    frame = value.get("frame_number")
    return Region(
        sop_instance_uid=str(value["sop_instance_uid"]),
        shape=Shape(value["shape"]),
        space=space,
        points=points,
        frame_number=None if frame is None else int(frame),
    )


def _mask(value: Json) -> Mask:
    shape: Sequence[int] = tuple(int(size) for size in value["shape"])
    count = math.prod(shape)
    # Never more than the shape needs: a small answer must not unfold into gigabytes.
    data = zlib.decompressobj().decompress(base64.b64decode(value["bits"], validate=True), (count + 7) // 8)
    if len(data) != (count + 7) // 8:
        raise ValueError("bits of a mask, which are fewer than its shape has")
    bits = np.unpackbits(np.frombuffer(data, dtype=np.uint8), bitorder="little", count=count)
    red, green, blue = (int(part) for part in value.get("colour", (230, 90, 70)))
    return Mask(
        array=bits.astype(bool).reshape(shape),
        label=str(value["label"]),
        colour=(red, green, blue),
        category=_code(value["category"]),
        property_type=_code(value["property_type"]),
        site=_code_or_none(value.get("site")),
        laterality=_code_or_none(value.get("laterality")),
    )


def _code(value: Json) -> Code:
    return Code(str(value["value"]), str(value["scheme"]), str(value["meaning"]), value.get("version"))


def _code_or_none(value: Json | None) -> Code | None:
    return None if value is None else _code(value)


def _number_or_none(value: float | None) -> float | None:
    return None if value is None else float(value)
