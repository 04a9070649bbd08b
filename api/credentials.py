"""The credentials in a request's headers."""

import base64
import binascii
from dataclasses import dataclass

from starlette.requests import HTTPConnection

COOKIE = "isocenter_session"
# Browsers take this name only with Secure, Path=/ and without Domain: no other host can set it.
SECURE_COOKIE = f"__Host-{COOKIE}"
_PROVING = frozenset({b"authorization", b"cookie"})


@dataclass(frozen=True, slots=True)
class SessionToken:
    """The cookie of a session."""

    token: str


@dataclass(frozen=True, slots=True)
class BearerToken:
    """An API key (RFC 6750)."""

    token: str


@dataclass(frozen=True, slots=True)
class Password:
    """User name and password (HTTP Basic, RFC 7617)."""

    username: str
    password: str


Credentials = SessionToken | BearerToken | Password


def proof(connection: HTTPConnection) -> bytes:
    """Return what credentials are read from, as it came; empty where there is nothing."""
    found = [name + b":" + value for name, value in connection.scope["headers"] if name in _PROVING]
    return b"\n".join(found)


def credentials(connection: HTTPConnection) -> Credentials | None:
    """Return what the request proves itself with; `Authorization` counts before the cookie.

    A malformed `Authorization` counts too, as a proof of nothing: it must not fall back to the cookie that a browser
    added.
    """
    authorization = connection.headers.get("authorization")
    if authorization is not None:
        return _from_header(authorization)
    token = connection.cookies.get(SECURE_COOKIE) or connection.cookies.get(COOKIE)
    return SessionToken(token) if token else None


def _from_header(authorization: str) -> Credentials | None:
    scheme, _, value = authorization.strip().partition(" ")
    if scheme.lower() == "bearer" and value.strip():
        return BearerToken(value.strip())
    if scheme.lower() == "basic":
        return _password(value.strip())
    return None


def _password(encoded: str) -> Password | None:
    try:
        text = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    username, colon, password = text.partition(":")
    return Password(username, password) if colon else None
