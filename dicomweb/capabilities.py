"""What this service can do: answers to OPTIONS (PS3.18 Section 8.9)."""

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from access.principals import Principal
from dicomweb.qido import DicomJson
from dicomweb.services import base_url

_RESOURCES: Final = {
    "search": ["studies", "series", "instances"],
    "retrieve": ["studies", "series", "instances", "frames", "bulkdata", "metadata", "rendered", "thumbnail"],
    "store": ["studies"],
}


async def describe(request: Request, _principal: Principal) -> Response:
    """Name the transactions, and what they take and give."""
    document: dict[str, Any] = {
        "retrieveUrl": base_url(request),
        "transactions": _RESOURCES,
        "store": {"accepts": ['multipart/related; type="application/dicom"', "application/dicom"]},
        "search": {"limit": "limit", "offset": "offset", "fuzzymatching": True, "includefield": "all"},
    }
    return DicomJson(document, headers={"Allow": "GET, POST, OPTIONS"}, media_type="application/json")
