"""A connection that exists only in memory: what the peer sent is given, what it gets is kept."""

from routing.errors import ConnectionLost


class Memory:
    """A stream that ends where its bytes end.

    Parameters
    ----------
    received
        All that the peer sends.
    piece
        How much of it can be read at once, in bytes; all that there is by default.
    """

    def __init__(self, received: bytes, *, piece: int = 1 << 30) -> None:
        self.received = memoryview(received)
        self._piece = piece
        self.sent = b""
        self.closed = False
        self.reads = 0

    def read_exactly(self, view: memoryview, seconds: float) -> None:
        assert seconds > 0
        self.reads += 1
        if len(view) > len(self.received):
            raise ConnectionLost("the peer closed the connection")
        view[:] = self.received[: len(view)]
        self.received = self.received[len(view) :]

    def read_some(self, view: memoryview, minimum: int, seconds: float) -> int:
        count = max(minimum, min(len(view), len(self.received), self._piece))
        self.read_exactly(view[:count], seconds)
        return count

    def write(self, data: bytes | memoryview, *, more: bool = False) -> None:
        del more
        self.sent += bytes(data)

    def readable(self) -> bool:
        return bool(self.received)

    def stop_reading(self) -> None:
        self.received = memoryview(b"")

    def close(self) -> None:
        self.closed = True
