"""Answers that go from files to the socket, past the event loop, where the server lets them.

The server says so by an extension of the request's scope (ASGI, "Extensions"): a function that sends pieces between the
start of an answer and its end. Under any other server the same pieces are read and sent as usual.
"""

from collections.abc import Awaitable, Callable, Generator, Iterable, Mapping
from contextlib import closing
from typing import TypeAlias

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from archive.file_spans import STRAIGHT, Piece, in_memory
from dicomweb.reading_ahead import read_ahead

Straight: TypeAlias = Callable[[Iterable[Piece]], Awaitable[None]]


class StraightResponse(StreamingResponse):
    """An answer whose length is known.

    Parameters
    ----------
    pieces
        All of the body, taken in a thread while the answer is sent.
    length
        Of the body, in bytes.
    status_code, headers, media_type
        As of any answer.
    """

    def __init__(
        self,
        pieces: Iterable[Piece],
        length: int,
        *,
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
    ) -> None:
        headers = {**(headers or {}), "Content-Length": str(length)}
        self._pieces = _one_by_one(pieces)
        super().__init__(read_ahead(in_memory(self._pieces)), status_code, headers, media_type)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer."""
        straight: Straight | None = (scope.get("extensions") or {}).get(STRAIGHT)
        # Who changes the body, by compression, takes the length away.
        if straight is None or "content-length" not in self.headers:
            await super().__call__(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        # Whoever leaves in between, files are closed.
        with closing(self._pieces):
            await straight(self._pieces)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _one_by_one(pieces: Iterable[Piece]) -> Generator[Piece]:
    yield from pieces
