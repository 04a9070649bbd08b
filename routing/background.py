"""A delivery in a thread of its own, so that whoever asked for it can be told of its progress, and heard meanwhile."""

import threading
from collections import deque
from contextlib import closing
from types import TracebackType
from typing import Final, Self

from routing.delivery import Delivery
from routing.sender import Outcome

_BROKEN_OFF_SECONDS: Final = 0.2


class BackgroundDelivery:
    """Sends objects until all have an outcome, or nobody wants it any more.

    Leaving the context ends what is still going on; it waits for nothing that depends on the peer.

    Parameters
    ----------
    delivery
        What is sent.
    """

    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery
        self._outcomes: deque[Outcome] = deque()
        self._changed = threading.Event()
        self._through = threading.Event()
        self._is_unwanted = False
        self._thread = threading.Thread(target=self._run, name="move", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_unwanted = True
        if not self._through.is_set():
            self._delivery.break_off()

    @property
    def is_through(self) -> bool:
        """Whether there will be no more outcomes than `take` gives now."""
        return self._through.is_set()

    def take(self, seconds: float) -> list[Outcome]:
        """Give the outcomes that have come since, and wait up to `seconds` for the first."""
        self._changed.wait(seconds)
        self._changed.clear()
        return self._taken()

    def pause(self, seconds: float) -> None:
        """Let outcomes gather for `seconds`, or until all are there."""
        self._through.wait(seconds)

    def cancel(self, seconds: float) -> list[Outcome]:
        """Begin no other object, and give the outcomes that have come; waits up to `seconds` for the one under way.

        If that takes longer it is broken off: it fails, and the association with it.
        """
        self._is_unwanted = True
        if not self._through.wait(seconds):
            self._delivery.break_off()
            # A peer that does not even read keeps the thread until the connection times out; nobody waits for it.
            self._through.wait(_BROKEN_OFF_SECONDS)
        return self._taken()

    def _taken(self) -> list[Outcome]:
        return [self._outcomes.popleft() for _ in range(len(self._outcomes))]

    def _run(self) -> None:
        try:
            with closing(self._delivery.outcomes()) as outcomes:
                for number, outcome in enumerate(outcomes, start=1):
                    self._outcomes.append(outcome)
                    if self._is_unwanted or number == len(self._delivery.instances):
                        # Whoever waits need not wait for the release of the association.
                        self._end()
                    self._changed.set()
                    if self._is_unwanted:
                        break
        finally:
            self._end()

    def _end(self) -> None:
        self._through.set()
        self._changed.set()
