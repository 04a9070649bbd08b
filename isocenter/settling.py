"""The settling loop: folds arrivals, completes series, and sleeps exactly until the next one is due."""

import threading
import time
from collections.abc import Callable

import structlog

from archive import settling
from archive.errors import NodeError
from archive.settling import OnComplete, SelectAnalyzers
from isocenter.wiring import Node

# While something is due but held back (an association that is still open), look again this often.
_HELD_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 1.0
# Database clocks and thread wake-ups differ by less than this: not to wake a moment too early, and again.
_MARGIN_SECONDS = 0.01

_log = structlog.get_logger()


class SettlingLoop:
    """Completes series until it is stopped. Several may run in a node: rows are locked, and each is taken once.

    Parameters
    ----------
    node
        The parts.
    select
        Says which analyzers take a series.
    on_complete
        Writes the deliveries that routes demand.
    clock
        Seconds since the epoch.
    """

    def __init__(
        self,
        node: Node,
        *,
        select: SelectAnalyzers,
        on_complete: OnComplete,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._node = node
        self._select = select
        self._on_complete = on_complete
        self._clock = clock
        self._quiet_seconds = node.settings.analysis.quiet_seconds

    def run(self, stop: threading.Event) -> None:
        """Settle until `stop` is set."""
        subscription = self._node.bus.subscribe("arrivals")
        try:
            while not stop.is_set():
                try:
                    pause = self._turn()
                except NodeError as error:
                    _log.error("settling_failed", reason=str(error))
                    pause = _LONGEST_PAUSE_SECONDS
                subscription.wait(pause)
        finally:
            subscription.close()

    def _turn(self) -> float:
        """Do what is due; gives the seconds until something is."""
        database = self._node.database
        now = self._clock()
        due = database.read(settling.next_due, now=now, quiet_seconds=self._quiet_seconds)
        if due is None or due > now:
            return self._pause(due, now)
        collected = 0 if database.read(settling.is_idle, now) else database.write(settling.collect_arrivals, now)
        self._announce(collected, self._settle(now))
        now = self._clock()
        due = database.read(settling.next_due, now=now, quiet_seconds=self._quiet_seconds)
        return _HELD_SECONDS if due is not None and due <= now else self._pause(due, now)

    def _settle(self, now: float) -> int:
        database = self._node.database
        if database.read(settling.is_settled, now=now, quiet_seconds=self._quiet_seconds):
            return 0
        return database.write(
            settling.settle,
            now=now,
            quiet_seconds=self._quiet_seconds,
            select=self._select,
            on_complete=self._on_complete,
        )

    def _announce(self, collected: int, completed: int) -> None:
        topics = ["events"] if collected or completed else []
        for topic in (*topics, *(("jobs", "deliveries") if completed else ())):
            self._node.bus.publish(topic)

    @staticmethod
    def _pause(due: float | None, now: float) -> float:
        return _LONGEST_PAUSE_SECONDS if due is None else min(due - now + _MARGIN_SECONDS, _LONGEST_PAUSE_SECONDS)
