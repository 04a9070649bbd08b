"""Passwords: hashed with Argon2id (RFC 9106), and remembered for a short while once verified."""

import hmac
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MIN_LENGTH: Final = 8
_GENERATED_BYTES: Final = 15
_REMEMBERED_SECONDS: Final = 60.0
_REMEMBERED_MOST: Final = 256


class WeakPassword(ValueError):
    """The password is too short."""


def hash_password(password: str, *, min_length: int = MIN_LENGTH) -> str:
    """Return the hash to be kept. This takes a while, on purpose: not for event loops.

    Raises
    ------
    WeakPassword
        The password has fewer characters than `min_length`.
    """
    if len(password) < min_length:
        raise WeakPassword(f"A password has at least {min_length} characters.")
    return PasswordHasher().hash(password)


def verify_password(password_hash: str | None, password: str) -> bool:
    """Tell whether the password is right. This takes a while, on purpose: not for event loops.

    Without a hash (no such user) it takes as long, so that nobody learns which names exist.
    """
    try:
        return PasswordHasher().verify(password_hash or _decoy(), password) and password_hash is not None
    except (VerificationError, InvalidHashError):
        return False


def generate_password() -> str:
    """Return a password that nobody guesses."""
    return secrets.token_urlsafe(_GENERATED_BYTES)


class PasswordMemo:
    """Remembers which passwords were right, until nobody used them for a minute.

    Tools that speak DICOMweb send name and password with every request; hashing each time would cost a processor, and
    to hash every minute would hold up whoever asks just then. Kept is an HMAC under a key that lives as long as this
    object, of password and stored hash together: a changed password is forgotten with the old hash. Who asks has read
    the account just now, so that one which was disabled or deleted is not asked for.

    Parameters
    ----------
    clock
        Seconds of any epoch.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._right: OrderedDict[bytes, float] = OrderedDict()
        self._lock = threading.Lock()

    def is_remembered(self, password_hash: str, password: str) -> bool:
        """Tell, at once, whether this password was verified against this hash, and remember it for a minute more."""
        digest = self.digest(password_hash, password)
        with self._lock:
            now, until = self._clock(), self._right.get(digest)
            if until is None or now >= until:
                return False
            self._right[digest] = now + _REMEMBERED_SECONDS
            self._right.move_to_end(digest)
        return True

    def verify(self, password_hash: str | None, password: str) -> bool:
        """Tell whether the password is right, from memory or by hashing; call it in a thread."""
        if password_hash is not None and self.is_remembered(password_hash, password):
            return True
        if not verify_password(password_hash, password) or password_hash is None:
            return False
        self._remember(self.digest(password_hash, password))
        return True

    def digest(self, password_hash: str, password: str) -> bytes:
        """Return what stands for the two together in this process; neither can be had from it."""
        return hmac.digest(self._key, f"{password_hash}\0{password}".encode(), "sha256")

    def _remember(self, digest: bytes) -> None:
        with self._lock:
            self._right[digest] = self._clock() + _REMEMBERED_SECONDS
            self._right.move_to_end(digest)
            while len(self._right) > _REMEMBERED_MOST:
                self._right.popitem(last=False)


@cache
def _decoy() -> str:
    """Return a hash with today's parameters that no password has."""
    return PasswordHasher().hash(secrets.token_hex())
