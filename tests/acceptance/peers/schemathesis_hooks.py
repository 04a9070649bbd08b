"""What schemathesis must be told of DICOMweb: how the media types are written that nothing else has."""

import json
from typing import Any

import schemathesis
from schemathesis import Case, HookContext, SerializationContext

_BOUNDARY = "part"
_TYPES = {"multipart/related": f'multipart/related; type="application/dicom"; boundary={_BOUNDARY}'}


def _written(value: Any) -> bytes:
    """Write bytes as they are, and what else was made up as its JSON."""
    return value if isinstance(value, bytes) else json.dumps(value, default=str).encode()


@schemathesis.serializer("application/dicom", "application/dicom+xml")
def write_body(_context: SerializationContext, value: Any) -> bytes:
    """Send what was made up."""
    return _written(value)


@schemathesis.serializer("multipart/related")
def write_part(_context: SerializationContext, value: Any) -> bytes:
    """Send one part."""
    head = f"--{_BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n".encode()
    return head + _written(value) + f"\r\n--{_BOUNDARY}--\r\n".encode()


@schemathesis.hook
def before_call(_context: HookContext, case: Case[Any], _kwargs: dict[str, Any]) -> None:
    """Name the boundary of the parts."""
    if case.media_type in _TYPES:
        case.headers["Content-Type"] = _TYPES[case.media_type]
