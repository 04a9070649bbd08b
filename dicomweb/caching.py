"""A cache of bytes with a limit on their size, shared between threads."""

import threading
from collections import OrderedDict
from typing import Final

_BYTES: Final = 64 << 20


class MetadataCache:
    """Keeps what was used last, up to a total size.

    Parameters
    ----------
    max_bytes
        Size of all values together.
    """

    def __init__(self, max_bytes: int = _BYTES) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._values: OrderedDict[tuple[str, str], bytes] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: tuple[str, str]) -> bytes | None:
        """Return what is kept under a key, if anything is."""
        with self._lock:
            value = self._values.get(key)
            if value is not None:
                self._values.move_to_end(key)
            return value

    def put(self, key: tuple[str, str], value: bytes) -> None:
        """Keep a value; the ones that were not used for longest make room."""
        with self._lock:
            self._bytes += len(value) - len(self._values.pop(key, b""))
            self._values[key] = value
            while self._bytes > self._max_bytes:
                _, dropped = self._values.popitem(last=False)
                self._bytes -= len(dropped)
