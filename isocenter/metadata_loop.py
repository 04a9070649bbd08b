"""Making the metadata of series when they are complete, so that the first viewer finds them made."""

import threading
from collections.abc import Callable
from typing import Final

import structlog

from archive import series_metadata
from archive.errors import NodeError
from archive.series_metadata import SeriesState
from dicomweb.series_metadata import SeriesMetadata
from isocenter.wiring import Node

_PAUSE_SECONDS: Final = 1.0

_log = structlog.get_logger()


class MetadataLoop:
    """Makes what is wanted until it is stopped. Several may run in a node: what is made twice is the same.

    Parameters
    ----------
    node
        The parts.
    when_made
        Is told of each series that is ready.
    """

    def __init__(self, node: Node, when_made: Callable[[SeriesState], object] = lambda _: None) -> None:
        self._node = node
        self._when_made = when_made
        self._made = SeriesMetadata(node.database, node.blobs)

    def run(self, stop: threading.Event) -> None:
        """Make metadata until `stop` is set."""
        # Jobs are announced when a series is complete.
        subscription = self._node.bus.subscribe("jobs")
        try:
            while not stop.is_set():
                if not self._turn(stop):
                    subscription.wait(_PAUSE_SECONDS)
        finally:
            subscription.close()

    def _turn(self, stop: threading.Event) -> bool:
        """Make some; returns whether there was anything to make."""
        try:
            wanted = self._node.database.read(series_metadata.wanted)
            for state in wanted:
                if not stop.is_set():
                    self._make(state)
        except NodeError as error:
            _log.error("metadata_not_made", reason=str(error))
            return False
        return bool(wanted)

    def _make(self, state: SeriesState) -> None:
        try:
            self._made.prepare(state)
        except (NodeError, OSError) as error:
            _log.warning("series_metadata_not_made", series_uid=state.series_instance_uid, error=type(error).__name__)
            # Who asks for them is told why; nobody tries again and again.
            self._node.database.write(series_metadata.put, state, None)
        else:
            self._when_made(state)
