"""Associations on record: where the API and the settling of series see them."""

import os
import socket
import threading
import time
from typing import Final, Protocol

import structlog

from archive import associations
from archive.bus import Bus
from archive.database import Database
from archive.errors import NodeError
from archive.origin import DEFAULT_TENANT

_log = structlog.get_logger()
HEARTBEAT_SECONDS: Final = associations.FRESH_SECONDS / 3


class Recorder(Protocol):
    """Writes associations to the index."""

    def opened(self, *, tenant: str, calling_ae_title: str, called_ae_title: str, address: str) -> int:
        """Record an association that is about to be accepted; gives its number."""

    def closed(self, association_id: int) -> None:
        """Record a release."""

    def aborted(self, association_id: int, reason: str) -> None:
        """Record an end without release."""

    def rejected(self, *, calling_ae_title: str, called_ae_title: str, address: str, reason: str) -> None:
        """Record a refused association."""


class DatabaseRecorder:
    """Keeps associations in the database, and says now and then that those of this process still live.

    Parameters
    ----------
    database
        The index.
    bus
        Wakes those who show refusals, or wait for an association to end.
    listener
        Name of this process among all of the node; by default made of host and process ID.
    """

    def __init__(self, database: Database, bus: Bus, *, listener: str | None = None) -> None:
        self._database = database
        self._bus = bus
        self.listener = listener or f"{socket.gethostname()}:{os.getpid()}"
        self._ended = threading.Event()

    def opened(self, *, tenant: str, calling_ae_title: str, called_ae_title: str, address: str) -> int:
        """Record an association that is about to be accepted; gives its number."""
        return self._database.write(
            associations.opened,
            tenant,
            calling_ae_title=calling_ae_title,
            called_ae_title=called_ae_title,
            address=address,
            listener=self.listener,
            now=time.time(),
        )

    def closed(self, association_id: int) -> None:
        """Record a release."""
        self._database.write(associations.closed, association_id, now=time.time())
        self._bus.publish("arrivals")

    def aborted(self, association_id: int, reason: str) -> None:
        """Record an end without release."""
        self._database.write(associations.aborted, association_id, reason, now=time.time())
        self._bus.publish("arrivals")

    def rejected(self, *, calling_ae_title: str, called_ae_title: str, address: str, reason: str) -> None:
        """Record a refused association; who was not let in belongs to no tenant, so the default one sees it."""
        self._database.write(
            associations.rejected,
            DEFAULT_TENANT,
            calling_ae_title=calling_ae_title,
            called_ae_title=called_ae_title,
            address=address,
            reason=reason,
            now=time.time(),
        )
        self._bus.publish("events")

    def start_heartbeat(self) -> None:
        """Say from now on, in a thread of its own, that this process lives."""
        threading.Thread(target=self._beat, name="association-heartbeat", daemon=True).start()

    def stop_heartbeat(self) -> None:
        """End what `start_heartbeat` began, and what this process may have left open."""
        self._ended.set()
        try:
            self._database.write(associations.sweep_dead, now=time.time(), listener=self.listener)
        except NodeError as error:
            # The silence of this process will say the same a little later.
            _log.warning("sweep_failed", reason=str(error))

    def _beat(self) -> None:
        while not self._ended.wait(HEARTBEAT_SECONDS):
            try:
                self._database.write(associations.heartbeat, self.listener, now=time.time())
            except NodeError as error:
                # The next beat tries again; until then the associations count as silent, which only delays.
                _log.warning("heartbeat_failed", reason=str(error))
