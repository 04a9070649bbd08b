"""What the handlers of DICOMweb work with, given by whoever builds the application."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Final, Protocol

from starlette.requests import HTTPConnection, Request

from access.permissions import Permission
from access.principals import Principal
from archive.database import AsyncDatabase
from archive.decoding import PixelWorker, shared_pool
from archive.ingest import Archive
from archive.workitems import Performing
from dicomweb.caching import SizedCache, byte_cache
from dicomweb.ending import Ending
from dicomweb.frame_places import FramePlaces, frame_places_cache

ROOT: Final = "/dicom-web"
_MAX_UPLOAD_BYTES: Final = 4 << 30
_FORWARDED: Final = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "via")
_NAMING: Final = frozenset({b"host", *(name.encode() for name in _FORWARDED)})
_USUAL_PORTS: Final = {"http": 80, "https": 443}


Authorization = Callable[[HTTPConnection], Awaitable[Principal]]
"""Gives the principal of a request, or refuses it."""


class ObjectFiles(Protocol):
    """Tells where the files of objects are."""

    def path(self, key: str) -> Path:
        """Give the file of a blob."""


class ImageServices(Protocol):
    """What pictures of a stored image are made with."""

    @property
    def blobs(self) -> ObjectFiles:
        """Where files are."""

    @property
    def decoder(self) -> PixelWorker:
        """Who decodes compressed frames."""

    @property
    def frame_places(self) -> SizedCache[FramePlaces]:
        """Where frames stand that were asked for lately."""


class ReadyPictures(Protocol):
    """Pictures that were made before anybody asked."""

    def get(self, study_uid: str, series_uid: str, name: str, *, waits: bool = True) -> bytes | None:
        """Give a picture, if it is there; where nobody may wait, only if it is in memory."""


class Authorize(Protocol):
    """Makes the FastAPI dependency that lets principals with a permission through and gives the principal."""

    def __call__(self, permission: Permission, /) -> Authorization:
        """Return the dependency that requires `permission`."""


def _to_nobody(_topic: str) -> None:
    """Wake nobody: everybody looks now and then anyway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The parts of the node that DICOMweb needs. They are used, not owned.

    Parameters
    ----------
    database
        For queries.
    archive
        The only way in for objects; used in threads.
    decoder
        Decodes compressed frames, and converts colours, in limited processes; the pool of this process by default.
    metadata, rendered
        Metadata and pictures that were made already.
    prepared
        Pictures that were made when a series was complete; none where nobody makes them.
    frame_places
        Where the frames of instances stand that were asked for lately.
    max_upload_bytes
        Largest body of a STOW-RS request.
    ae_title
        Our own, from which the instances of workitems may be fetched by DIMSE.
    performing
        What others may do with the jobs of this node.
    publish
        Wakes other processes up, by topic.
    ending
        Tells open channels that the process ends.
    now
        Seconds since the epoch.
    """

    database: AsyncDatabase
    archive: Archive
    decoder: PixelWorker = field(default_factory=shared_pool)
    metadata: SizedCache[bytes] = field(default_factory=byte_cache)
    rendered: SizedCache[bytes] = field(default_factory=byte_cache)
    prepared: ReadyPictures | None = None
    frame_places: SizedCache[FramePlaces] = field(default_factory=frame_places_cache)
    max_upload_bytes: int = _MAX_UPLOAD_BYTES
    ae_title: str = ""
    performing: Performing = field(default_factory=Performing)
    publish: Callable[[str], object] = _to_nobody
    ending: Ending = field(default_factory=Ending)
    now: Callable[[], float] = time.time

    @property
    def blobs(self) -> ObjectFiles:
        """Where files are."""
        return self.archive.blobs

    async def wake(self, *topics: str) -> None:
        """Tell other processes to look, after a change was committed."""
        for topic in topics:
            # In a thread: a bus between machines speaks to the network.
            await asyncio.to_thread(self.publish, topic)


def base_url(request: Request) -> str:
    """Give the address of the DICOMweb root as the client sees it, for the URLs in answers."""
    scope = request.scope
    # All that it depends on: it is the same for all requests of a client.
    headers = tuple((name, value) for name, value in scope["headers"] if name in _NAMING)
    return _base_url(scope["scheme"], scope.get("server"), scope.get("root_path", ""), headers)


@lru_cache(maxsize=256)
def _base_url(
    scheme: str, server: tuple[str, int | None] | None, root_path: str, headers: tuple[tuple[bytes, bytes], ...]
) -> str:
    scope = {"type": "http", "scheme": scheme, "server": server, "path": "/", "headers": headers, "query_string": b""}
    return f"{scheme}://{_authority(Request(scope))}{root_path}{ROOT}"


def _authority(request: Request) -> str:
    """Give host and port as the client sees them.

    Some clients (dicomweb-client is one) leave the port out of the Host header. Where no proxy stands between, the port
    that they came to is the one that they mean.
    """
    server = request.scope.get("server")
    forwarded = any(name in request.headers for name in _FORWARDED)
    if request.url.port is not None or forwarded or server is None or server[1] is None:
        return request.url.netloc
    usual = server[1] == _USUAL_PORTS.get(request.url.scheme)
    return request.url.netloc if usual else f"{request.url.netloc}:{server[1]}"
