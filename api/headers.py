"""Security headers on every answer (OWASP ASVS V3, V14)."""

from collections.abc import Iterable, Iterator

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_Header = tuple[bytes, bytes]

# What the viewer needs and nothing else: no inline script or style, WebAssembly for the image codecs.
_SOURCES = {
    "default-src": "'self'",
    "script-src": "'self' 'wasm-unsafe-eval'",
    "worker-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data: blob:",
    "connect-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
CONTENT_SECURITY_POLICY = "; ".join(f"{directive} {sources}" for directive, sources in _SOURCES.items())
# In the form in which they are sent: they stand on every answer.
_ALWAYS = (
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-embedder-policy", b"require-corp"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_SECURE = (b"strict-transport-security", b"max-age=31536000")
_NO_STORE = b"no-store"
# Pixels may stay in the reader's own browser, never in a proxy between.
_PRIVATE = b"private, no-cache"


class SecurityHeaders:
    """ASGI middleware that adds the headers to whatever answer leaves the node.

    Parameters
    ----------
    app
        The application behind.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and complete its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                added = _added(message.get("headers", ()), scope["path"], secure=scope["scheme"] == "https")
                message["headers"] = [*message.get("headers", ()), *added]
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _added(headers: Iterable[_Header], path: str, *, secure: bool) -> Iterator[_Header]:
    """Yield what an answer does not have yet."""
    present = {name.lower(): value for name, value in headers}
    yield from (header for header in _ALWAYS if header[0] not in present)
    if secure and _SECURE[0] not in present:
        yield _SECURE
    caching = _caching(path, present.get(b"content-type", b""))
    if caching and b"cache-control" not in present:
        yield b"cache-control", caching


def _caching(path: str, content_type: bytes) -> bytes | None:
    if path.startswith(("/dicom-web", "/wado")):
        return _NO_STORE if b"json" in content_type else _PRIVATE
    if path.startswith(("/api", "/metrics", "/healthz", "/readyz")):
        return _NO_STORE
    return None
