"""What the handlers of DICOMweb work with, given by whoever builds the application."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from starlette.requests import Request

from access.permissions import Permission
from archive.database import AsyncDatabase
from archive.decoding import FrameDecoder, shared_pool
from archive.ingest import Archive
from dicomweb.caching import MetadataCache

ROOT: Final = "/dicom-web"
_MAX_UPLOAD_BYTES: Final = 4 << 30
_FORWARDED: Final = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "via")
_USUAL_PORTS: Final = {"http": 80, "https": 443}


class Authorize(Protocol):
    """Makes the FastAPI dependency that lets principals with a permission through and gives the principal."""

    def __call__(self, permission: Permission, /) -> Callable[..., Any]:
        """Return the dependency that requires `permission`."""


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
        Decodes compressed frames in limited processes; the pool of this process by default.
    metadata
        Metadata that was made already.
    max_upload_bytes
        Largest body of a STOW-RS request.
    """

    database: AsyncDatabase
    archive: Archive
    decoder: FrameDecoder = field(default_factory=shared_pool)
    metadata: MetadataCache = field(default_factory=MetadataCache)
    max_upload_bytes: int = _MAX_UPLOAD_BYTES


def base_url(request: Request) -> str:
    """Give the address of the DICOMweb root as the client sees it, for the URLs in answers."""
    root_path = request.scope.get("root_path", "")
    return f"{request.url.scheme}://{_authority(request)}{root_path}{ROOT}"


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
