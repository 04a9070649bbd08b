"""Pieces made in threads arrive whole and in order, a few at a time, and no more are made than somebody takes."""

import threading
from collections.abc import Iterator
from contextlib import aclosing

import pytest

from archive.errors import NotFound
from dicomweb.reading_ahead import read_ahead

_MEBIBYTE = 1 << 20


async def test_pieces_arrive_in_order_from_other_threads() -> None:
    threads = set()

    def pieces() -> Iterator[bytes]:
        for number in range(1000):
            threads.add(threading.get_ident())
            yield number.to_bytes(2)

    assert [piece async for piece in read_ahead(pieces())] == [number.to_bytes(2) for number in range(1000)]
    assert threading.get_ident() not in threads


async def test_there_may_be_none() -> None:
    assert [piece async for piece in read_ahead([])] == []


async def test_what_fails_is_raised_where_the_pieces_are_taken() -> None:
    def pieces() -> Iterator[bytes]:
        yield bytes(4 * _MEBIBYTE)
        raise NotFound

    ahead = read_ahead(pieces())
    assert len(await anext(ahead)) == 4 * _MEBIBYTE
    with pytest.raises(NotFound):
        await anext(ahead)


async def test_no_more_is_made_than_a_few_mebibytes_beside_what_is_taken() -> None:
    made = []

    def pieces() -> Iterator[bytes]:
        for number in range(64):
            made.append(number)
            yield bytes(_MEBIBYTE)

    async with aclosing(read_ahead(pieces())) as ahead:
        first = await anext(ahead)
        assert len(first) == _MEBIBYTE
        assert len(made) <= 5
    assert len(made) <= 5
