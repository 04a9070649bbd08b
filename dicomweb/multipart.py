"""Answers of several parts: `multipart/related` (RFC 2387, PS3.18 Section 8.6.1.2), written as they are sent."""

import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
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
    headers
        Further headers.
    """

    content_type: str
    chunks: Iterable[bytes | memoryview]
    location: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def multipart_response(parts: Iterable[Part], content_type: str) -> StreamingResponse:
    """Build an answer of parts.

    Parameters
    ----------
    parts
        Taken one after another while the answer is sent, in a thread.
    content_type
        The media type of the (first) part, without parameters.
    """
    boundary = new_boundary()
    return StreamingResponse(encode(parts, boundary), media_type=multipart_type(content_type, boundary))


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
    lines += [f"{name}: {value}".encode("latin-1") for name, value in part.headers.items()]
    return _NEW_LINE.join([*lines, b"", b""])
