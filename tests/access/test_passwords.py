"""Passwords remembered for a moment, and guesses slowed down."""

import pytest

from access.passwords import PasswordMemo, generate_password, hash_password, verify_password
from access.throttle import LoginThrottle

PASSWORD = "correct horse"


class Clock:
    """A clock that stands still until told."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def password_hash() -> str:
    return hash_password(PASSWORD)


def test_only_the_password_is_right(password_hash: str) -> None:
    assert verify_password(password_hash, PASSWORD)
    assert not verify_password(password_hash, PASSWORD + " ")
    assert not verify_password("no hash at all", PASSWORD)
    assert not verify_password(None, PASSWORD)
    assert not verify_password(None, "")


def test_generated_passwords_differ() -> None:
    assert generate_password() != generate_password()
    assert len(generate_password()) >= 20


def test_a_right_password_is_remembered_for_a_minute(password_hash: str) -> None:
    clock = Clock()
    memo = PasswordMemo(clock)
    assert not memo.is_remembered(password_hash, PASSWORD)
    assert memo.verify(password_hash, PASSWORD)
    clock.now = 60.0
    assert not memo.is_remembered(password_hash, PASSWORD)


def test_a_password_in_use_is_not_hashed_again(password_hash: str) -> None:
    clock = Clock()
    memo = PasswordMemo(clock)
    assert memo.verify(password_hash, PASSWORD)
    for _ in range(10):
        clock.now += 59.0
        assert memo.is_remembered(password_hash, PASSWORD)
    assert not memo.is_remembered(hash_password(PASSWORD), PASSWORD)
    clock.now += 60.0
    assert not memo.is_remembered(password_hash, PASSWORD)


def test_a_wrong_password_is_not_remembered(password_hash: str) -> None:
    memo = PasswordMemo(Clock())
    assert not memo.verify(password_hash, "wrong horse")
    assert not memo.is_remembered(password_hash, "wrong horse")
    assert not memo.verify(None, PASSWORD)


def test_a_changed_password_is_forgotten(password_hash: str) -> None:
    memo = PasswordMemo(Clock())
    memo.verify(password_hash, PASSWORD)
    assert not memo.is_remembered(hash_password("another horse"), PASSWORD)


def test_five_mistakes_are_free_then_each_costs_twice_as_long() -> None:
    throttle = LoginThrottle()
    pauses = []
    for now in range(0, 900, 100):
        throttle.failed("admin", "192.0.2.7", now=now)
        pauses.append(throttle.retry_after("admin", "192.0.2.7", now=now))
    assert pauses == [0, 0, 0, 0, 2, 4, 8, 16, 32]


def test_the_pause_passes_and_others_are_not_held_up() -> None:
    throttle = LoginThrottle()
    for _ in range(30):
        throttle.failed("admin", "192.0.2.7", now=0)
    assert throttle.retry_after("admin", "192.0.2.7", now=0) == 300
    assert throttle.retry_after("admin", "192.0.2.7", now=290) == 10
    assert throttle.retry_after("admin", "192.0.2.7", now=301) == 0
    assert throttle.retry_after("admin", "192.0.2.8", now=0) == 0
    assert throttle.retry_after("doc", "192.0.2.7", now=0) == 0


def test_a_login_and_a_quarter_of_an_hour_make_all_forgotten() -> None:
    throttle = LoginThrottle()
    for _ in range(9):
        throttle.failed("admin", "192.0.2.7", now=0)
    throttle.succeeded("admin", "192.0.2.7")
    assert throttle.retry_after("admin", "192.0.2.7", now=0) == 0
    for _ in range(9):
        throttle.failed("doc", "192.0.2.7", now=0)
    throttle.failed("doc", "192.0.2.7", now=901)
    assert throttle.retry_after("doc", "192.0.2.7", now=901) == 0


def test_the_memory_of_mistakes_is_bounded() -> None:
    throttle = LoginThrottle()
    for number in range(10_000):
        throttle.failed(f"user{number}", "192.0.2.7", now=number / 1000)
    assert len(throttle._failures) <= 4_096
