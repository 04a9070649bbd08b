"""Remembers for a moment who has which credentials: a viewer asks for hundreds of images in a row."""

import hmac
import secrets
import time
from collections.abc import Callable
from typing import Final

from api.credentials import Credentials
from api.identity import Identity

_SECONDS: Final = 1.0
_MOST: Final = 1024


class IdentityMemo:
    """Identities by a keyed digest of their credentials; the credentials themselves are not kept.

    Whoever changes accounts in this process calls `forget`, so that a session which ended here is over at once; what
    other processes end is over here within a second.

    Parameters
    ----------
    clock
        Seconds of any epoch.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._known: dict[bytes, tuple[Identity, float]] = {}
        self.generation = 0

    def get(self, credentials: Credentials) -> Identity | None:
        """Return whose credentials these were a moment ago."""
        identity, until = self._known.get(self._digest(credentials), (None, 0.0))
        return identity if self._clock() < until else None

    def put(self, credentials: Credentials, identity: Identity, generation: int) -> None:
        """Remember, unless everybody was forgotten since `generation`: that of before the database was asked."""
        if generation != self.generation:
            return
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[self._digest(credentials)] = (identity, self._clock() + _SECONDS)

    def forget(self) -> None:
        """Forget everybody."""
        self.generation += 1
        self._known.clear()

    def _digest(self, credentials: Credentials) -> bytes:
        return hmac.digest(self._key, repr(credentials).encode(), "sha256")
