"""Parts of an answer by byte range: 206 with one or several of them, 416 for what is not there (RFC 9110 Section 14).

PS3.18 Section 8.6.1 has it for bulk data; any answer whose bytes are known by position can be had so.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import chain
from typing import Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from archive.file_spans import FileSpan, Piece, in_memory
from dicomweb.multipart import Part, encode, new_boundary
from dicomweb.reading_ahead import read_ahead
from dicomweb.straight import StraightResponse

Extent = tuple[int, int]

# Many small ranges cost much and serve nobody (RFC 9110 Section 17.15).
_MOST_RANGES: Final = 32
# Read at once rather than sent from another thread.
_SMALL: Final = 256 << 10
_SPECIFIER: Final = re.compile(r"(\d{0,19})-(\d{0,19})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Bytes that can be read from any position.

    Parameters
    ----------
    media_type
        Of all of it.
    size
        Number of bytes.
    read
        Yields the bytes from a position on, as many as are asked for.
    headers
        Further headers of the answer.
    """

    media_type: str
    size: int
    read: Callable[[int, int], Iterable[Piece]]
    headers: Mapping[str, str] = field(default_factory=dict)


def content_of(data: bytes, media_type: str) -> Content:
    """Make content of bytes in memory."""
    return Content(media_type=media_type, size=len(data), read=lambda start, length: [data[start : start + length]])


def ranged_response(request: Request, content: Content) -> Response:
    """Answer with the content, or with the parts of it that the request names in `Range`."""
    # Given as a header, so that nobody adds a character set: documents say theirs themselves.
    headers = {**content.headers, "Accept-Ranges": "bytes", "Content-Type": content.media_type}
    # A part is only good beside what the client has already: without a way to tell, it gets all (Section 13.1.5).
    text = None if "if-range" in request.headers else request.headers.get("range")
    if request.method != "GET" or text is None or not text.lower().startswith("bytes="):
        return _answer(HTTPStatus.OK, content, (0, content.size), headers)
    extents = parse_ranges(text[len("bytes=") :], content.size)
    match extents:
        case []:
            status = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
            return Response(status_code=status, headers={"Content-Range": f"bytes */{content.size}"})
        case [(start, length)]:
            headers["Content-Range"] = _content_range((start, length), content.size)
            return _answer(HTTPStatus.PARTIAL_CONTENT, content, (start, length), headers)
        case _:
            return _several(content, extents, headers)


def parse_ranges(text: str, size: int) -> list[Extent]:
    """Read byte ranges as start and length; empty when none of them is there, or they are not ranges at all."""
    specifiers = [part.strip() for part in text.split(",", _MOST_RANGES + 1) if part.strip()]
    found = [_SPECIFIER.fullmatch(part) for part in specifiers]
    if len(found) > _MOST_RANGES:
        return []
    extents = [_extent(match[1], match[2], size) if match else None for match in found]
    # One that is no range makes the header invalid; one beyond the end is only left out.
    if any(extent is None for extent in extents):
        return []
    return [extent for extent in extents if extent is not None and extent[1] > 0]


def _extent(first: str, last: str, size: int) -> Extent | None:
    if not first:
        length = min(int(last), size) if last else 0
        return (size - length, length) if last else None
    start, end = int(first), int(last) if last else size - 1
    if last and end < start:
        return None
    return start, max(0, min(end, size - 1) - start + 1)


def _content_range(extent: Extent, size: int) -> str:
    start, length = extent
    return f"bytes {start}-{start + length - 1}/{size}"


def _answer(status: HTTPStatus, content: Content, extent: Extent, headers: dict[str, str]) -> Response:
    length = extent[1]
    pieces = iter(content.read(*extent))
    # The first piece is made now: what fails at once fails with a status of its own.
    first = next(pieces, b"")
    if isinstance(first, FileSpan) and length <= _SMALL:
        first = b"".join(first.read())
    if len(first) == length and not isinstance(first, FileSpan):
        return Response(first, status, {**headers, "Content-Length": str(length)})
    return StraightResponse(chain([first], pieces), length, status_code=status, headers=headers)


def _several(content: Content, extents: Iterable[Extent], headers: dict[str, str]) -> Response:
    boundary = new_boundary()
    parts = (
        Part(content.media_type, content.read(*extent), headers={"Content-Range": _content_range(extent, content.size)})
        for extent in extents
    )
    headers["Content-Type"] = f"multipart/byteranges; boundary={boundary}"
    return StreamingResponse(read_ahead(in_memory(encode(parts, boundary))), HTTPStatus.PARTIAL_CONTENT, headers)
