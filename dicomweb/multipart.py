"""Answers of several parts: `multipart/related` (RFC 2387, PS3.18 Section 8.6.1.2), written as they are sent."""

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Final

from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from archive.file_spans import Piece, in_memory
from dicomweb.reading_ahead import read_ahead
from dicomweb.straight import StraightResponse

_NEW_LINE: Final = b"\r\n"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of an answer.

    Parameters
    ----------
    content_type
        With its parameters.
    chunks
        The content.
    location
        Where the content can be had alone.
    headers
        Further headers.
    """

    content_type: str
    chunks: Iterable[Piece]
    location: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class PiecesResponse(Response):
    """An answer in pieces that are in memory: they are sent one by one, and not copied to be together.

    Parameters
    ----------
    pieces
        All of the body.
    media_type
        With its parameters.
    """

    def __init__(self, pieces: Sequence[bytes | memoryview], media_type: str) -> None:
        super().__init__(headers={"Content-Length": str(sum(map(len, pieces)))}, media_type=media_type)
        self._pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the pieces."""
        del scope, receive
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        last = len(self._pieces) - 1
        for number, piece in enumerate(self._pieces):
            await send({"type": "http.response.body", "body": piece, "more_body": number < last})


def multipart_response(
    parts: Iterable[Part], content_type: str, length: Callable[[str], int] | None = None
) -> StreamingResponse:
    """Build an answer of parts.

    Parameters
    ----------
    parts
        Taken one after another while the answer is sent, in a thread.
    content_type
        The media type of the (first) part, without parameters.
    length
        Tells the length of the answer from its boundary, where that is known before it is made.
    """
    boundary = new_boundary()
    media_type = multipart_type(content_type, boundary)
    pieces = encode(parts, boundary)
    if length is not None:
        return StraightResponse(pieces, length(boundary), media_type=media_type)
    return StreamingResponse(read_ahead(in_memory(pieces)), media_type=media_type)


def length_of(parts: Iterable[tuple[str, int, int]], boundary: str) -> int:
    """Tell the length of an answer of parts, without making them.

    Parameters
    ----------
    parts
        Of each its type, the length of its location, and that of its content.
    boundary
        Which divides them.
    """
    around: dict[str, int] = {}
    length = 0
    for content_type, location, content in parts:
        if content_type not in around:
            empty = b"".join(in_memory(encode([Part(content_type, (), "")], boundary)))
            around[content_type] = len(empty) - len(_end(boundary))
        length += around[content_type] + location + content
    return length + len(_end(boundary))


def new_boundary() -> str:
    """Make a boundary that no content has."""
    return secrets.token_hex(16)


def multipart_type(content_type: str, boundary: str) -> str:
    """Give the media type of an answer of parts."""
    return f'multipart/related; type="{content_type}"; boundary={boundary}'


def begun(part: Part) -> Part:
    """Make the first piece of a part now, so that what fails at once fails before the answer begins."""
    chunks = iter(part.chunks)
    return replace(part, chunks=chain([next(chunks, b"")], chunks))


def encode(parts: Iterable[Part], boundary: str) -> Iterator[Piece]:
    """Yield the body of an answer of parts."""
    delimiter = b"--" + boundary.encode()
    between = b""
    for part in parts:
        # What stands between two parts is one piece: each may cost its receiver a system call.
        yield between + _head(delimiter, part)
        yield from part.chunks
        between = _NEW_LINE
    yield between + _end(boundary)


def _end(boundary: str) -> bytes:
    return f"--{boundary}--\r\n".encode()


def _head(delimiter: bytes, part: Part) -> bytes:
    lines = [delimiter, f"Content-Type: {part.content_type}".encode("latin-1")]
    if part.location is not None:
        lines.append(f"Content-Location: {part.location}".encode("latin-1", "replace"))
    lines += [f"{name}: {value}".encode("latin-1") for name, value in part.headers.items()]
    return _NEW_LINE.join([*lines, b"", b""])
