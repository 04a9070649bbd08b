"""What the web application is built from, and how handlers get at it."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.requests import HTTPConnection

from api.authorization import Authorize
from api.feed.connection import Patience
from archive.bus import Bus
from archive.database import AsyncDatabase
from archive.ingest import Archive
from archive.results import DeliverResult
from config.settings import Settings

BuildRouter = Callable[[Authorize], APIRouter]
"""Builds the router of another package; it protects its routes with the `Authorize` it is given."""

DescribeAnalyzers = Callable[[], Sequence[Mapping[str, Any]]]
"""Gives name, version, enabled, is_mock and description of each analyzer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebDependencies:
    """Everything the application needs, made by whoever starts it.

    Parameters
    ----------
    settings
        The node's configuration.
    database
        For the web side.
    archive
        The only way in for objects; used in threads.
    bus
        Wakes other processes up.
    routers
        Further routers, such as DICOMweb's.
    viewer
        Folder of the built viewer.
    cors_origins
        Pages of other sites that may read DICOMweb.
    deliver
        Queues the deliveries of a new result, in the transaction that records it.
    analyzers
        What is installed.
    listener
        Address of the DICOM listener that readiness depends on; None where it runs elsewhere.
    now
        Seconds since the epoch.
    patience
        Time limits of the feed.
    deciding
        Held while a report is accepted.
    """

    settings: Settings
    database: AsyncDatabase
    archive: Archive
    bus: Bus
    routers: Sequence[BuildRouter] = ()
    viewer: Path
    cors_origins: Sequence[str] = ()
    deliver: DeliverResult | None = None
    analyzers: DescribeAnalyzers = tuple
    listener: tuple[str, int] | None = None
    now: Callable[[], float] = time.time
    patience: Patience = Patience()  # noqa: RUF009 - a frozen value
    deciding: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def wake(self, *topics: str) -> None:
        """Tell other processes to look, after a change was committed."""
        for topic in topics:
            # In a thread: a bus between machines speaks to the network.
            await asyncio.to_thread(self.bus.publish, topic)


def _of(connection: HTTPConnection) -> WebDependencies:
    dependencies: WebDependencies = connection.app.state.dependencies
    return dependencies


Web = Annotated[WebDependencies, Depends(_of)]
"""The parameter type by which a handler gets the dependencies."""
