"""Large answers from a thread to the socket: the event loop would have to be asked for every piece of them.

`dicomweb.straight` says what answers this is for. Between the start of such an answer, which goes the usual way, and
its end, nobody else writes to the connection.
"""

import asyncio
import os
import socket
from collections.abc import Iterable
from typing import Final

from starlette.concurrency import run_in_threadpool
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from archive.file_spans import Piece, SocketFiller

# How often a client that takes nothing is looked at, whether it is still there.
_LOOK_SECONDS: Final = 5.0
_TURN_SECONDS: Final = 0.001


async def send_straight(cycle: RequestResponseCycle, pieces: Iterable[Piece]) -> None:
    """Send pieces of the body of an answer that has begun.

    Parameters
    ----------
    cycle
        Of the request; the length of its answer is known.
    pieces
        Taken in a thread.
    """
    if cycle.chunked_encoding is not False:
        raise RuntimeError("The length of the answer is not known.")
    await _empty_buffer(cycle)
    if cycle.disconnected:
        return
    # A descriptor of its own: that of the transport may be closed, and given to another file, at any time.
    own = socket.socket(fileno=os.dup(cycle.transport.get_extra_info("socket").fileno()))
    own.settimeout(0)
    filler = SocketFiller(own, pieces)
    try:
        while not await _turn(filler) and not cycle.disconnected:
            await _writable(own)
    except ConnectionError:
        cycle.disconnected = True
        cycle.transport.abort()
    finally:
        own.close()
    cycle.expected_content_length -= filler.sent


async def _turn(filler: SocketFiller) -> bool:
    """Let it go on in a thread. Who is cancelled waits for the thread too, which uses the descriptor."""
    turn = asyncio.ensure_future(run_in_threadpool(filler.go_on))
    try:
        return await asyncio.shield(turn)
    except asyncio.CancelledError:
        await asyncio.wait([turn])
        raise


async def _empty_buffer(cycle: RequestResponseCycle) -> None:
    """Wait until all that was written before is sent."""
    transport = cycle.transport
    # What was written in this turn of the loop is sent at its end.
    await asyncio.sleep(0)
    if not transport.get_write_buffer_size():
        return
    low, high = transport.get_write_buffer_limits()
    transport.set_write_buffer_limits(high=0)
    try:
        while transport.get_write_buffer_size() and not cycle.disconnected:
            await cycle.flow.drain()
            await asyncio.sleep(_TURN_SECONDS)
    finally:
        transport.set_write_buffer_limits(high, low)


async def _writable(target: socket.socket) -> None:
    """Wait until the receiver takes something again, is gone, or should be looked at."""
    loop = asyncio.get_running_loop()
    ready = loop.create_future()

    def see() -> None:
        if not ready.done():
            ready.set_result(None)

    loop.add_writer(target, see)
    try:
        await asyncio.wait([ready], timeout=_LOOK_SECONDS)
    finally:
        loop.remove_writer(target)
