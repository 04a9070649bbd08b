"""Finds out who a request comes from: by session, API key or password."""

import asyncio
import math
from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Final, TypeAlias

from fastapi import Depends
from starlette.requests import HTTPConnection

from access import apikeys, sessions, users
from access.passwords import PasswordMemo
from access.throttle import LoginThrottle
from access.users import Account
from api.credentials import BearerToken, Credentials, Password, SessionToken, credentials, proof
from api.identity import Identity
from api.identity_memo import IdentityMemo
from api.problems import Problem
from archive.database import AsyncDatabase

# Verifying takes 64 MiB and a processor: whoever sends many passwords at once waits in a queue.
_VERIFIED_AT_ONCE: Final = 2
# Name, address, and what stands for the password.
_Attempt: TypeAlias = tuple[str, str, bytes]


class Authenticator:
    """Knows which credentials stand for whom.

    Parameters
    ----------
    database
        Where accounts, sessions and keys are.
    now
        Seconds since the epoch.
    """

    def __init__(self, database: AsyncDatabase, now: Callable[[], float]) -> None:
        self._database = database
        self._now = now
        self._memo = IdentityMemo()
        self._passwords = PasswordMemo()
        self._throttle = LoginThrottle()
        self._verifying = asyncio.Semaphore(_VERIFIED_AT_ONCE)
        self._underway: dict[_Attempt, asyncio.Task[bool]] = {}

    async def identify(self, connection: HTTPConnection) -> Identity | None:
        """Return the identity that the request's headers prove, if any.

        Raises
        ------
        Problem
            429 when the password is one of too many wrong ones.
        """
        shown = proof(connection)
        identity = self._memo.get(shown) if shown else None
        if identity is not None:
            return identity
        given = credentials(connection)
        if given is None:
            return None
        generation = self._memo.generation
        identity = await self._look_up(given, address_of(connection))
        if identity is not None:
            self._memo.put(shown, identity, generation)
        return identity

    def forget(self) -> None:
        """Look again: accounts, keys or sessions changed."""
        self._memo.forget()

    async def account(self, username: str, password: str, address: str) -> Account | None:
        """Return the account that name and password open, if any.

        Raises
        ------
        Problem
            429 after too many wrong passwords from `address`, for a while.
        """
        account = await self._database.read(users.find, username)
        if account is not None and self._passwords.is_remembered(account.password_hash, password):
            return account
        self._require_patience(username, address)
        password_hash = account.password_hash if account else None
        return account if await self._verified_once(username, address, password_hash, password) else None

    async def _verified_once(self, username: str, address: str, password_hash: str | None, password: str) -> bool:
        """Verify a password; whoever shows the same one meanwhile waits for the same answer."""
        attempt = username, address, self._passwords.digest(password_hash or "", password)
        task = self._underway.get(attempt)
        if task is None:
            task = asyncio.create_task(self._verified(username, address, password_hash, password))
            self._underway[attempt] = task
            task.add_done_callback(lambda done: self._is_done(attempt, done))
        # Others wait for it too when this one's client is gone.
        return await asyncio.shield(task)

    def _is_done(self, attempt: _Attempt, task: "asyncio.Task[bool]") -> None:
        del self._underway[attempt]
        if not task.cancelled():
            task.exception()

    async def _verified(self, username: str, address: str, password_hash: str | None, password: str) -> bool:
        async with self._verifying:
            # Whoever waited behind too many wrong passwords is one of them.
            self._require_patience(username, address)
            is_right = await asyncio.to_thread(self._passwords.verify, password_hash, password)
        if is_right:
            self._throttle.succeeded(username, address)
        else:
            self._throttle.failed(username, address, now=self._now())
        return is_right

    async def _look_up(self, given: Credentials, address: str) -> Identity | None:
        match given:
            case SessionToken(token):
                return await self._by_session(token)
            case BearerToken(token):
                return await self._by_key(token)
            case Password(username, password):
                account = await self.account(username, password, address)
                return Identity(principal=account.principal, ambient=True) if account else None

    def _require_patience(self, username: str, address: str) -> None:
        seconds = self._throttle.retry_after(username, address, now=self._now())
        if seconds > 0:
            headers = {"Retry-After": str(math.ceil(seconds))}
            raise Problem(HTTPStatus.TOO_MANY_REQUESTS, "Too many wrong passwords; wait a little.", headers=headers)

    async def _by_session(self, token: str) -> Identity | None:
        session = await self._database.read(sessions.find, token, now=self._now())
        if session is None:
            return None
        return Identity(principal=session.principal, ambient=True, session=token, csrf=session.csrf)

    async def _by_key(self, token: str) -> Identity | None:
        now = self._now()
        key = await self._database.read(apikeys.find, token, now=now)
        if key is None:
            return None
        if key.to_touch:
            await self._database.write(apikeys.touch, key.id, now=now)
        return Identity(principal=key.principal, ambient=False)


def address_of(connection: HTTPConnection) -> str:
    """Return the peer's address."""
    return connection.client.host if connection.client else ""


def _of(connection: HTTPConnection) -> Authenticator:
    authenticator: Authenticator = connection.app.state.authenticator
    return authenticator


CurrentAuthenticator = Annotated[Authenticator, Depends(_of)]
"""The parameter type by which a handler gets the authenticator."""
