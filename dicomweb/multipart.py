"""Answers of several parts: `multipart/related` (RFC 2387, PS3.18 Section 8.6.1.2), written as they are sent."""

import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from starlette.responses import StreamingResponse

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
    """

    content_type: str
    chunks: Iterable[bytes | memoryview]
    location: str | None = None


def multipart_response(parts: Iterable[Part], content_type: str) -> StreamingResponse:
    """Build an answer of parts.

    Parameters
    ----------
    parts
        Taken one after another while the answer is sent, in a thread.
    content_type
        The media type of the (first) part, without parameters.
    """
    boundary = secrets.token_hex(16)
    return StreamingResponse(encode(parts, boundary), media_type=multipart_type(content_type, boundary))


def multipart_type(content_type: str, boundary: str) -> str:
    """Give the media type of an answer of parts."""
    return f'multipart/related; type="{content_type}"; boundary={boundary}'


def encode(parts: Iterable[Part], boundary: str) -> Iterator[bytes | memoryview]:
    """Yield the body of an answer of parts."""
    delimiter = b"--" + boundary.encode()
    for part in parts:
        yield _head(delimiter, part)
        yield from part.chunks
        yield _NEW_LINE
    yield delimiter + b"--" + _NEW_LINE


def _head(delimiter: bytes, part: Part) -> bytes:
    lines = [delimiter, f"Content-Type: {part.content_type}".encode("latin-1")]
    if part.location is not None:
        lines.append(f"Content-Location: {part.location}".encode("latin-1", "replace"))
    return _NEW_LINE.join([*lines, b"", b""])
