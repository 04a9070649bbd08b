"""Remembers for a moment who has which credentials: a viewer asks for hundreds of images in a row."""

import hashlib
import secrets
import time
from collections.abc import Callable
from typing import Final

from api.identity import Identity

_SECONDS: Final = 1.0
_MOST: Final = 1024


class IdentityMemo:
    """Identities by a keyed digest of what proved them (`api.credentials.proof`), which itself is not kept.

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

    def get(self, proof: bytes) -> Identity | None:
        """Return whose proof this was a moment ago."""
        identity, until = self._known.get(self._digest(proof), (None, 0.0))
        return identity if self._clock() < until else None

    def put(self, proof: bytes, identity: Identity, generation: int) -> None:
        """Remember, unless everybody was forgotten since `generation`: that of before the database was asked."""
        if generation != self.generation:
            return
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[self._digest(proof)] = (identity, self._clock() + _SECONDS)

    def forget(self) -> None:
        """Forget everybody."""
        self.generation += 1
        self._known.clear()

    def _digest(self, proof: bytes) -> bytes:
        return hashlib.blake2b(proof, key=self._key, digest_size=32).digest()
