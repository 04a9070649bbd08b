"""Slows down who guesses passwords."""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

_FREE_FAILURES: Final = 5
_FIRST_PAUSE_SECONDS: Final = 2.0
_LONGEST_PAUSE_SECONDS: Final = 300.0
# Without a new failure for so long, all is forgotten.
_FORGOTTEN_SECONDS: Final = 900.0
_REMEMBERED_MOST: Final = 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class _Failures:
    count: int
    last: float

    def pause(self) -> float:
        """Return how long to wait after the last failure."""
        beyond = self.count - _FREE_FAILURES
        if beyond < 0:
            return 0.0
        return min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2.0 ** min(beyond, 16))


class LoginThrottle:
    """Counts failed logins by user name and address, in the memory of this process, bounded."""

    def __init__(self) -> None:
        self._failures: OrderedDict[tuple[str, str], _Failures] = OrderedDict()
        self._lock = threading.Lock()

    def retry_after(self, username: str, address: str, *, now: float) -> float:
        """Return for how many seconds no further attempt is taken; 0 when one may be made now."""
        with self._lock:
            failures = self._current((username, address), now)
        return 0.0 if failures is None else max(0.0, failures.last + failures.pause() - now)

    def failed(self, username: str, address: str, *, now: float) -> None:
        """Count a failed attempt."""
        key = (username, address)
        with self._lock:
            before = self._current(key, now)
            self._failures[key] = _Failures(count=1 + (before.count if before else 0), last=now)
            self._failures.move_to_end(key)
            while len(self._failures) > _REMEMBERED_MOST:
                self._failures.popitem(last=False)

    def succeeded(self, username: str, address: str) -> None:
        """Forget the failures: the person knows the password."""
        with self._lock:
            self._failures.pop((username, address), None)

    def _current(self, key: tuple[str, str], now: float) -> _Failures | None:
        failures = self._failures.get(key)
        return None if failures is None or now - failures.last > _FORGOTTEN_SECONDS else failures
