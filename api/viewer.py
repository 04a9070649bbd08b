"""The built viewer: a page, hashed assets that never change, and the page again for every path the page routes."""

from http import HTTPStatus
from pathlib import Path, PurePosixPath

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.types import Receive, Scope, Send

# Paths that are never the page's: what is not there, is not there.
_RESERVED = ("/api", "/dicom-web", "/wado", "/ws", "/healthz", "/readyz", "/metrics", "/assets")
_ASSETS = "assets"
_ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
_IMMUTABLE = "public, max-age=31536000, immutable"
_REVALIDATE = "no-cache"
_NOT_BUILT = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Isocenter</title></head>
<body><main><h1>The viewer is not built</h1>
<p>Run <code>npm ci &amp;&amp; npm run build</code> in the folder <code>viewer</code>, or <code>make setup</code>,
and load this page again. All other interfaces of the node answer.</p></main></body></html>
"""


class Viewer:
    """ASGI application that serves the folder a viewer build writes.

    Parameters
    ----------
    folder
        The build's output, with `index.html` and `assets/`.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with a file of the build, or with the page."""
        if scope["type"] != "http":
            raise HTTPException(HTTPStatus.NOT_FOUND)
        response = self._answer(scope["method"], scope["path"], Headers(scope=scope))
        scope.setdefault("state", {})["viewer"] = True
        await response(scope, receive, send)

    def _answer(self, method: str, path: str, headers: Headers) -> Response:
        file = self._file(path)
        if file is None and _is_reserved(path):
            raise HTTPException(HTTPStatus.NOT_FOUND, "There is nothing at this path.")
        if method not in {"GET", "HEAD"}:
            raise HTTPException(HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": "GET, HEAD"})
        page = file or self._folder / "index.html"
        if not page.is_file():
            return HTMLResponse(_NOT_BUILT, HTTPStatus.SERVICE_UNAVAILABLE)
        return self._send(page, headers)

    def _file(self, path: str) -> Path | None:
        """Return the file that `path` names, if it is a file of the build and nothing outside of it."""
        parts = PurePosixPath(path).parts[1:]
        if not parts or any(part in {"..", "."} or "\\" in part or "\0" in part for part in parts):
            return None
        try:
            file = self._folder.joinpath(*parts).resolve()
            return file if file.is_relative_to(self._folder) and file.is_file() else None
        except OSError:
            # Longer than a path may be.
            return None

    def _send(self, file: Path, headers: Headers) -> Response:
        # Hashed names change with the content; the page and the icons keep theirs.
        hashed = file.parent == self._folder / _ASSETS
        media_type = _media_type(file)
        added = {"Cache-Control": _IMMUTABLE if hashed else _REVALIDATE, "Vary": "Accept-Encoding"}
        accepted = {part.split(";")[0].strip() for part in headers.get("accept-encoding", "").split(",")}
        for name, suffix in _ENCODINGS:
            packed = file.with_name(file.name + suffix)
            if name in accepted and packed.is_file():
                return FileResponse(packed, headers={**added, "Content-Encoding": name}, media_type=media_type)
        return FileResponse(file, headers=added, media_type=media_type)


def _is_reserved(path: str) -> bool:
    return any(path == prefix or path.startswith(f"{prefix}/") for prefix in _RESERVED)


def _media_type(file: Path) -> str | None:
    """Name the types that browsers insist on under `nosniff`, whatever this machine's MIME table says."""
    known = {".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm", ".css": "text/css"}
    return known.get(file.suffix)
