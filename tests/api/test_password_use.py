"""Name and password with every request: verified once for all who come together, refused when they are wrong."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from access import passwords, users
from access.passwords import PasswordMemo, hash_password
from access.permissions import Role
from tests.api.serving import PASSWORD, Served, add_user
from tests.waiting import wait_until

_TOGETHER = 6
# Identities are remembered for one second, and this machine is shared.
_SOON_SECONDS = 5


class Counted:
    """Counts verifications, and holds up the first until all who come together are there."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.threads: list[str] = []
        self._shown = 0
        self._verify, self._digest = passwords.verify_password, PasswordMemo.digest
        monkeypatch.setattr(passwords, "verify_password", self._verified)
        monkeypatch.setattr(PasswordMemo, "digest", self._counting())

    def _verified(self, password_hash: str | None, password: str) -> bool:
        self.threads.append(threading.current_thread().name)
        # Each asks the memory, and then whether somebody is at it.
        wait_until(lambda: self._shown >= 2 * _TOGETHER, what="the last request's look")
        return self._verify(password_hash, password)

    def _counting(self) -> Callable[[PasswordMemo, str, str], bytes]:
        def digest(memo: PasswordMemo, password_hash: str, password: str) -> bytes:
            self._shown += 1
            return self._digest(memo, password_hash, password)

        return digest


def _status(node: Served, password: str) -> int:
    return httpx.get(f"{node.url}/api/v1/jobs", auth=("ada", password)).status_code


@pytest.mark.parametrize(("password", "expected"), [(PASSWORD, 200), ("wrong horse", 401)])
def test_requests_that_come_together_share_one_verification(
    node: Served, monkeypatch: pytest.MonkeyPatch, password: str, expected: int
) -> None:
    add_user(node.database, "ada")
    counted = Counted(monkeypatch)
    with ThreadPoolExecutor(_TOGETHER) as threads:
        statuses = list(threads.map(lambda _: _status(node, password), range(_TOGETHER)))
    assert statuses == [expected] * _TOGETHER
    assert len(counted.threads) == 1
    # Not the thread of the event loop.
    assert "server" not in counted.threads


def _changes() -> list[Any]:
    def change(node: Served, **values: Any) -> None:
        node.database.write(users.change, "default", "ada", now=time.time(), **values)

    def password(node: Served) -> None:
        change(node, password_hash=hash_password("another horse"))

    def disabled(node: Served) -> None:
        change(node, enabled=False)

    def removed(node: Served) -> None:
        node.database.write(users.remove, "default", "ada", now=time.time())

    return [pytest.param(one, id=one.__name__) for one in (password, disabled, removed)]


@pytest.mark.parametrize("happens", _changes())
def test_a_password_in_use_is_refused_when_another_process_changes_the_account(
    node: Served, happens: Callable[[Served], None]
) -> None:
    add_user(node.database, "root", Role.ADMIN)
    add_user(node.database, "ada")
    assert _status(node, PASSWORD) == 200
    happens(node)
    wait_until(lambda: _status(node, PASSWORD) == 401, seconds=_SOON_SECONDS, what="the refusal")
