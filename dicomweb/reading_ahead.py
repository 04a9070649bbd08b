"""Answers that are made while they are sent: several pieces for each change of thread, and the next ones meanwhile."""

import asyncio
import time
from collections.abc import AsyncGenerator, Iterable, Iterator
from typing import Any, Final, TypeAlias

from starlette.concurrency import run_in_threadpool

Piece: TypeAlias = bytes | memoryview

# What is taken in one go: enough that the change of thread is nothing beside it, or whatever is there by then.
_ENOUGH: Final = 2 << 20
_SECONDS: Final = 0.05


async def read_ahead(pieces: Iterable[Piece]) -> AsyncGenerator[Piece]:
    """Yield pieces that are made in threads; those that follow are made while these are sent."""
    iterator = iter(pieces)
    coming = _begin(iterator)
    try:
        while batch := await coming:
            coming = _begin(iterator)
            for piece in batch:
                yield piece
    finally:
        coming.cancel()


def _begin(iterator: Iterator[Piece]) -> "asyncio.Task[list[Piece]]":
    task = asyncio.create_task(run_in_threadpool(_take, iterator))
    task.add_done_callback(_see)
    return task


def _take(iterator: Iterator[Piece]) -> list[Piece]:
    taken: list[Piece] = []
    size, until = 0, time.monotonic() + _SECONDS
    for piece in iterator:
        taken.append(piece)
        size += len(piece)
        if size >= _ENOUGH or time.monotonic() > until:
            break
    return taken


def _see(task: "asyncio.Task[Any]") -> None:
    """Look at what failed: a client that is gone does not ask for it any more."""
    if not task.cancelled():
        task.exception()
