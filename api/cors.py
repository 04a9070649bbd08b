"""Pages of other sites that may read DICOMweb: those of the configuration, with credentials of their own."""

from collections.abc import Sequence
from typing import Final

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

_PATHS: Final = ("/dicom-web/", "/wado")
_METHODS: Final = ("GET", "HEAD", "POST", "OPTIONS")
_REQUEST_HEADERS: Final = ("Accept", "Authorization", "Content-Type", "If-None-Match", "Range")
_ANSWER_HEADERS: Final = ("Accept-Ranges", "Content-Location", "Content-Range", "ETag", "Link", "Location", "Warning")
_PREFLIGHT_SECONDS: Final = 600


class CrossOrigin:
    """ASGI middleware that answers preflight requests, and says in answers which page may read them.

    Cookies are never allowed: the session belongs to this node's own page. Pages elsewhere send an API key or a token.

    Parameters
    ----------
    app
        The application behind.
    origins
        Of the pages that may; the middleware does nothing where there are none.
    """

    def __init__(self, app: ASGIApp, origins: Sequence[str]) -> None:
        self._app = app
        self._allowed = CORSMiddleware(
            app,
            allow_origins=origins,
            allow_methods=_METHODS,
            allow_headers=_REQUEST_HEADERS,
            allow_credentials=False,
            expose_headers=_ANSWER_HEADERS,
            max_age=_PREFLIGHT_SECONDS,
        )
        self._any = bool(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, by way of the rules where it is for DICOMweb."""
        asked = self._any and scope["type"] == "http" and scope["path"].startswith(_PATHS)
        await (self._allowed if asked else self._app)(scope, receive, send)
