"""The parameters of DICOMweb as JSON Schema, by their names; the examples are such as a test stores.

Text is all that a URL holds. What is said here is what the node takes, not all that it refuses.
"""

from collections.abc import Mapping
from typing import Any, Final

from dicomweb.rendering.parameters import LARGEST_SIDE

TEXT: Final[Mapping[str, Any]] = {"type": "string"}
# As URLs have them: `true`, not `True`.
_BOOLEAN: Final = {"type": "string", "enum": ["true", "false"]}


def _uid(example: str) -> dict[str, Any]:
    return {"type": "string", "pattern": "^[0-9.]{1,64}$", "examples": [example]}


def _number(least: int, most: int) -> dict[str, Any]:
    return {"type": "integer", "minimum": least, "maximum": most}


def _text(*examples: str) -> dict[str, Any]:
    return {"type": "string", "examples": list(examples)}


_STUDY, _SERIES, _INSTANCE = _uid("2.25.1001"), _uid("2.25.1002"), _uid("2.25.1003")
_WORKITEM: Final = _uid("2.25.1004")

PATH: Final[Mapping[str, Mapping[str, Any]]] = {
    "study_uid": _STUDY,
    "series_uid": _SERIES,
    "sop_uid": _INSTANCE,
    "workitem_uid": _WORKITEM,
    "frames": {"type": "string", "pattern": "^[1-9][0-9]{0,8}(,[1-9][0-9]{0,8})*$", "examples": ["1", "1,2"]},
    "path": {"type": "string", "pattern": "^[0-9A-Fa-f]{8}(/[0-9]+/[0-9A-Fa-f]{8})*$", "examples": ["7FE00010"]},
    "ae_title": {"type": "string", "minLength": 1, "maxLength": 64, "examples": ["ENGINE"]},
}

QUERY: Final[Mapping[str, Mapping[str, Any]]] = {
    # More than the node gives at once is no error.
    "limit": _number(0, 10**18 - 1),
    "offset": _number(0, 10**9),
    "fuzzymatching": _BOOLEAN,
    "includefield": _text("all", "SOPClassUID", "00080060,00081030"),
    "window": _text("40,400", "40,400,linear"),
    "viewport": _text("64,64", "64,64,8,8,32,32"),
    "quality": _number(1, 100),
    "annotation": {"type": "string", "enum": ["patient", "technique", "patient,technique", "technique,patient"]},
    "iccprofile": {"type": "string", "enum": ["no", "yes", "srgb"]},
    "workitem": _WORKITEM,
    "transaction": {"type": "string", "pattern": "^[0-9.]{0,64}$", "examples": ["2.25.1005"]},
    "deletionlock": _BOOLEAN,
    "filter": _text("PatientID=1"),
    "requestType": {"type": "string", "const": "WADO"},
    "studyUID": _STUDY,
    "seriesUID": _SERIES,
    "objectUID": _INSTANCE,
    "contentType": _text("application/dicom", "image/jpeg"),
    "transferSyntax": _uid("1.2.840.10008.1.2.1"),
    "frameNumber": _number(1, 10**9 - 1),
    "rows": _number(1, LARGEST_SIDE),
    "columns": _number(1, LARGEST_SIDE),
    "imageQuality": _number(1, 100),
    "region": _text("0,0,0.5,0.5"),
    "presentationSeriesUID": _SERIES,
    "presentationUID": _INSTANCE,
}

REQUIRED: Final = frozenset({"requestType", "studyUID", "seriesUID", "objectUID"})
"""The query parameters that are never left out (PS3.18 Section 9.1.2.1)."""

# Any attribute is a parameter of a search.
ATTRIBUTES: Final[Mapping[str, Any]] = {
    "name": "attributes",
    "in": "query",
    "style": "form",
    "explode": True,
    "description": "attributes to match, by keyword, tag or path: `PatientID=1`, `00100020=1`",
    "schema": {"type": "object", "additionalProperties": TEXT, "examples": [{"PatientID": "1"}]},
}
