"""Modalities that go on sending whatever happens to the node, and remember what it said."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Self

from tests.acceptance.peers.raw import RawScu
from tests.acceptance.peers.series import Series

_PAUSE_SECONDS = 0.02
_ANSWER_SECONDS = 60.0


class Sender(threading.Thread):
    """Sends one object after the other over one association; a broken one is opened anew.

    Parameters
    ----------
    port
        Where the node listens.
    series
        What to send, in turn.

    Attributes
    ----------
    sent
        SHA-256 of all that was sent, or begun to be sent, by SOP Instance UID.
    acknowledged
        The part of it that was answered with 0x0000.
    refused
        Other statuses.
    latencies
        Seconds from the first byte of an object to its answer.
    """

    def __init__(self, port: int, series: Sequence[Series]) -> None:
        super().__init__(daemon=True)
        self._port, self.series = port, series
        self._ended = threading.Event()
        self.sent: dict[str, str] = {}
        self.acknowledged: dict[str, str] = {}
        self.refused: dict[str, int] = {}
        self.latencies: list[float] = []
        self.interruptions = 0

    def run(self) -> None:
        while not self._ended.is_set():
            try:
                with RawScu(self._port) as scu:
                    self._send(scu)
            except OSError:
                self.interruptions += 1
                self._ended.wait(_PAUSE_SECONDS)

    def _send(self, scu: RawScu) -> None:
        scu.socket.settimeout(_ANSWER_SECONDS)
        while not self._ended.is_set():
            made = self.series[len(self.sent) % len(self.series)].make()
            uid = made.sop_instance_uid
            self.sent[uid] = made.sha256
            begun = time.perf_counter()
            status = scu.store(made.data_set, sop_instance=uid.encode())
            self.latencies.append(time.perf_counter() - begun)
            if status == 0:
                self.acknowledged[uid] = self.sent[uid]
            else:
                self.refused[uid] = status

    def end(self) -> Self:
        """Stop after the object that is on its way, and wait for that."""
        self._ended.set()
        self.join(timeout=_ANSWER_SECONDS + 10)
        assert not self.is_alive(), "a sender hangs"
        return self


class Senders:
    """Several senders at once.

    Parameters
    ----------
    port
        Where the node listens.
    sides
        Rows and columns of the objects that each of them sends in turn.
    number
        How many associations.
    """

    def __init__(self, port: int, *, number: int = 4, sides: Sequence[int] = (16,)) -> None:
        self.each = [Sender(port, [Series(side=side) for side in sides]) for _ in range(number)]

    @property
    def sent(self) -> dict[str, str]:
        return {uid: sha256 for sender in self.each for uid, sha256 in sender.sent.copy().items()}

    @property
    def acknowledged(self) -> dict[str, str]:
        return {uid: sha256 for sender in self.each for uid, sha256 in sender.acknowledged.copy().items()}

    @property
    def refused(self) -> dict[str, int]:
        return {uid: status for sender in self.each for uid, status in sender.refused.copy().items()}

    @property
    def series(self) -> list[Series]:
        return [series for sender in self.each for series in sender.series]

    @contextmanager
    def sending(self) -> Iterator[None]:
        """Send while the context is open."""
        for sender in self.each:
            sender.start()
        try:
            yield
        finally:
            for sender in self.each:
                sender.end()
