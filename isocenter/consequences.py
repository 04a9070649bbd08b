"""What follows from a series that is complete, and from a result: deliveries, notices, metadata that are made ready."""

import time

from archive import series_metadata
from archive.connection import Connection
from archive.results import NewResult
from archive.series_summary import SeriesSummary
from config.settings import Settings
from routing.availability import Availability
from routing.queueing import Queueing


class Consequences:
    """Writes them, in the transaction of what they follow from.

    Parameters
    ----------
    settings
        The node's.
    """

    def __init__(self, settings: Settings) -> None:
        self._queueing = Queueing(return_to_sender=settings.analysis.return_to_sender)
        self._availability = Availability()

    def series(self, connection: Connection, summary: SeriesSummary) -> None:
        """Queue what follows from a complete series."""
        self._queueing.series(connection, summary)
        self._availability.series(connection, summary)
        series_metadata.expect(connection, summary, now=time.time())

    def result(self, connection: Connection, tenant: str, result: NewResult) -> None:
        """Queue what follows from a result that was just recorded."""
        self._queueing.result(connection, tenant, result)
        self._availability.result(connection, tenant, result)
