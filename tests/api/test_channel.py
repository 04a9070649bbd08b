import asyncio
from typing import Any

import pytest

from api.feed.channel import Channel, FellBehindError, Subscriber


def _messages(*numbers: int) -> list[dict[str, Any]]:
    return [{"seq": number} for number in numbers]


async def _take(subscriber: Subscriber, count: int) -> list[int]:
    return [(await asyncio.wait_for(subscriber.next(), 1))["seq"] for _ in range(count)]


async def test_a_socket_gets_what_comes_after_its_position_in_order() -> None:
    channel = Channel(0)
    subscriber = channel.join(5, 10)
    channel.publish(_messages(4, 5, 6, 9))
    assert await _take(subscriber, 2) == [6, 9]
    assert channel.cursor == 9


async def test_a_message_that_is_handed_out_twice_arrives_once() -> None:
    channel = Channel(0)
    subscriber = channel.join(0, 10)
    channel.publish(_messages(1, 2))
    channel.publish(_messages(2, 3))
    assert await _take(subscriber, 3) == [1, 2, 3]


async def test_the_first_socket_says_from_where_the_log_is_read() -> None:
    channel = Channel(0)
    channel.join(1000, 10)
    assert channel.cursor == 1000


async def test_a_socket_cannot_join_behind_what_was_handed_out() -> None:
    channel = Channel(0)
    channel.join(0, 10)
    channel.publish(_messages(1, 2, 3))
    with pytest.raises(ValueError, match="lost"):
        channel.join(2, 10)


async def test_a_slow_socket_ends_and_the_others_go_on() -> None:
    channel = Channel(0)
    slow, quick = channel.join(0, 2), channel.join(0, 10)
    channel.publish(_messages(1, 2, 3))
    with pytest.raises(FellBehindError):
        await slow.next()
    assert await _take(quick, 3) == [1, 2, 3]


async def test_a_socket_that_left_gets_nothing() -> None:
    channel = Channel(0)
    subscriber = channel.join(0, 10)
    channel.leave(subscriber)
    channel.publish(_messages(1))
    assert channel.clients == 0
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(subscriber.next(), 0.01)
