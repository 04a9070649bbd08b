"""Building the parts of a node from its settings: done here and nowhere else."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from archive import space
from archive.blobs import FileBlobs
from archive.bus import Bus, open_bus
from archive.database import Database
from archive.errors import NodeError
from archive.ingest import Archive
from archive.stages import Stages, folder_of
from config.settings import Settings
from isocenter.failures import CannotStart


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """The parts that every role works with.

    Parameters
    ----------
    settings
        The configuration.
    database, blobs, bus
        Index, object files, wake-ups.
    archive
        The only way in for objects.
    stages
        The counts of this process, which the web processes read.
    """

    settings: Settings
    database: Database
    blobs: FileBlobs
    bus: Bus
    archive: Archive
    stages: Stages


@contextmanager
def open_node(settings: Settings, *, role: str = "node", database_connections: int = 5) -> Iterator[Node]:
    """Open the parts, and close them in reverse order.

    Parameters
    ----------
    settings
        The configuration.
    role
        What this process is.
    database_connections
        Connections kept open.
    """
    with ExitStack() as stack:
        database = stack.enter_context(Database(settings.database.url, pool_size=database_connections))
        blobs = stack.enter_context(open_blobs(settings))
        bus = open_bus(settings.events.url or settings.queue.url, settings.data_dir)
        stack.callback(bus.close)
        stages = stack.enter_context(open_stages(settings, role))
        archive = stack.enter_context(
            Archive(
                database,
                blobs,
                duplicates=settings.storage.duplicates,
                max_object_bytes=settings.dicom.max_object_bytes,
                publish=bus.publish,
                stages=stages,
            )
        )
        yield Node(settings=settings, database=database, blobs=blobs, bus=bus, archive=archive, stages=stages)


def open_stages(settings: Settings, role: str) -> Stages:
    """Open the counts of a process.

    Raises
    ------
    CannotStart
        When they cannot be written.
    """
    folder = folder_of(settings.data_dir)
    try:
        return Stages.shared(folder, role)
    except OSError as error:
        raise CannotStart(f"data_dir: {folder} cannot be written: {error.strerror}") from error


def open_blobs(settings: Settings) -> FileBlobs:
    """Open the storage.

    Raises
    ------
    CannotStart
        When it cannot be written.
    """
    folder = settings.storage.folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        reserved_bytes = space.look(settings.storage).reserved_bytes
        return FileBlobs(folder, reserved_bytes=reserved_bytes, marks=settings.data_dir / "marks")
    except OSError as error:
        raise CannotStart(f"storage.url: {folder} cannot be written: {error.strerror}") from error
    except NodeError as error:
        raise CannotStart(f"storage.url: {folder} cannot be written: {error.__cause__ or error}") from error


@contextmanager
def bus_of(settings: Settings) -> Iterator[Bus]:
    """Open the node's bus alone."""
    bus = open_bus(settings.events.url or settings.queue.url, settings.data_dir)
    try:
        yield bus
    finally:
        bus.close()


def now() -> float:
    """Tell the time as the database keeps it: seconds since the epoch."""
    return time.time()
