"""What holds for every answer of DICOMweb: HEAD has no body, and text goes compressed to those who take that.

PS3.18 Section 8.4 takes both from HTTP (RFC 9110 Sections 9.3.2 and 8.4).
"""

import zlib
from collections.abc import AsyncIterable, AsyncIterator
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

_COMPRESSIBLE: Final = (
    "application/dicom+json",
    "application/json",
    "application/dicom+xml",
    "application/xml",
    "text/",
    'multipart/related; type="application/dicom+xml"',
)
# Shorter answers fit in one packet anyway.
_WORTHWHILE: Final = 1024
# Compressing more than this would hold up the other requests.
_IN_PASSING: Final = 32 << 10
_EFFORT: Final = 1
_GZIP: Final = 16 + zlib.MAX_WBITS


async def finish(request: Request, response: Response) -> Response:
    """Compress what is text, and leave the body out where only the headers are wanted."""
    if _is_compressible(response) and takes_gzip(request):
        response = await _compressed(response)
    return _without_body(response) if request.method == "HEAD" else response


def takes_gzip(request: Request) -> bool:
    """Tell whether gzip is accepted and not with a quality of nothing (RFC 9110 Section 12.5.3)."""
    for value in ",".join(request.headers.getlist("accept-encoding")).lower().split(","):
        coding, _, parameters = value.partition(";")
        if coding.strip() in {"gzip", "x-gzip", "*"}:
            return parameters.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False


def _is_compressible(response: Response) -> bool:
    headers = response.headers
    if not headers.get("content-type", "").startswith(_COMPRESSIBLE):
        return False
    if "content-encoding" in headers or "content-range" in headers:
        return False
    return int(headers.get("content-length", _WORTHWHILE)) >= _WORTHWHILE


async def _compressed(response: Response) -> Response:
    headers = response.headers
    headers["Content-Encoding"] = "gzip"
    headers.add_vary_header("Accept-Encoding")
    if isinstance(response, StreamingResponse):
        del headers["content-length"]
        response.body_iterator = _stream(response.body_iterator)
        return response
    content = bytes(response.body)
    response.body = await run_in_threadpool(_gzip, content) if len(content) > _IN_PASSING else _gzip(content)
    headers["Content-Length"] = str(len(response.body))
    return response


def _gzip(content: bytes) -> bytes:
    return zlib.compress(content, _EFFORT, _GZIP)


async def _stream(chunks: AsyncIterable[str | bytes | memoryview]) -> AsyncIterator[bytes]:
    compressor = zlib.compressobj(_EFFORT, wbits=_GZIP)
    async for chunk in chunks:
        content = chunk.encode() if isinstance(chunk, str) else chunk
        compressed = await run_in_threadpool(compressor.compress, content)
        if compressed:
            yield compressed
    yield compressor.flush()


def _without_body(response: Response) -> Response:
    """Keep status and headers. What streams was not begun, and nothing of it is read."""
    head = Response(status_code=response.status_code)
    head.raw_headers = response.raw_headers
    return head
