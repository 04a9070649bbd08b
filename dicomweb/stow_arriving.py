"""The body of a request while it arrives, from a client that goes on sending it (RFC 9110 Section 15.5.9)."""

import asyncio
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Final

from starlette.requests import Request

from dicomweb.problems import Problem

# As long as a slow line may be interrupted; who is silent for longer would hold a connection and a file for ever.
_LONGEST_SILENCE_SECONDS: Final = 60.0


async def arriving(request: Request) -> AsyncIterator[bytes]:
    """Yield the pieces of a body.

    Raises
    ------
    Problem
        408 when the client sends nothing for long, without being at the end.
    """
    pieces = request.stream()
    while True:
        try:
            async with asyncio.timeout(_LONGEST_SILENCE_SECONDS):
                piece = await anext(pieces, None)
        except TimeoutError as error:
            raise Problem(HTTPStatus.REQUEST_TIMEOUT, "The rest of the body did not come.") from error
        if piece is None:
            return
        yield piece
