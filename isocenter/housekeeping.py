"""What is done now and then: leases that ran out, associations of dead listeners, expired sessions, free space."""

import threading
import time

import structlog

from access import sessions
from archive import associations, deliveries, facts, jobs
from archive.connection import Connection
from archive.errors import NodeError
from isocenter.health import HEARTBEAT_SECONDS, worker_fact
from isocenter.space_watch import SpaceWatch
from isocenter.wiring import Node

_log = structlog.get_logger()


class Housekeeping:
    """Looks every few seconds.

    Parameters
    ----------
    node
        The parts.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._space = SpaceWatch(node.settings.storage)

    def run(self, stop: threading.Event) -> None:
        """Keep house until `stop` is set."""
        while not stop.is_set():
            for task in (self._space.look, self._turn):
                try:
                    task()
                except NodeError as error:
                    _log.error("housekeeping_failed", reason=str(error))
            stop.wait(HEARTBEAT_SECONDS)

    def _turn(self) -> None:
        attempts = self._node.settings.analysis.attempts
        released = self._node.database.write(_keep_house, now=time.time(), attempts=attempts)
        if released:
            for topic in ("jobs", "events", "arrivals"):
                self._node.bus.publish(topic)


def _keep_house(connection: Connection, *, now: float, attempts: int) -> int:
    """Do it all in one transaction; returns how much somebody waits for."""
    facts.put(connection, worker_fact(), now)
    sessions.purge_expired(connection, now=now)
    return (
        jobs.release_expired(connection, attempts=attempts, now=now)
        + deliveries.release_expired(connection, now=now)
        + associations.sweep_dead(connection, now=now)
    )
