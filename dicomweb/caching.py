"""A cache with a limit on its size, shared between threads."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Final, Generic, TypeVar

V = TypeVar("V")

_BYTES: Final = 64 << 20


class SizedCache(Generic[V]):
    """Keeps the values that were used last, up to a total size.

    Parameters
    ----------
    size_of
        Tells the size of a value.
    max_size
        Of all values together; 0 keeps none.
    """

    def __init__(self, size_of: Callable[[V], int], max_size: int = _BYTES) -> None:
        self._size_of = size_of
        self._max_size = max_size
        self._size = 0
        self._values: OrderedDict[Hashable, V] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> V | None:
        """Return what is kept under a key, if anything is."""
        with self._lock:
            value = self._values.get(key)
            if value is not None:
                self._values.move_to_end(key)
            return value

    def put(self, key: Hashable, value: V) -> None:
        """Keep a value; the ones that were not used for longest make room. One that all would have to go for is not."""
        if self._size_of(value) > self._max_size:
            return
        with self._lock:
            previous = self._values.pop(key, None)
            self._size += self._size_of(value) - (0 if previous is None else self._size_of(previous))
            self._values[key] = value
            while self._size > self._max_size:
                _, dropped = self._values.popitem(last=False)
                self._size -= self._size_of(dropped)

    def get_or_make(self, key: Hashable, make: Callable[[], V]) -> V:
        """Return what is kept under a key; make it, and keep it, where nothing is."""
        known = self.get(key)
        if known is None:
            known = make()
            self.put(key, known)
        return known


def byte_cache(max_bytes: int = _BYTES) -> SizedCache[bytes]:
    """Make a cache of bytes.

    Parameters
    ----------
    max_bytes
        Size of all values together.
    """
    return SizedCache(len, max_bytes)
