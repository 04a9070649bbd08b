"""Whether another site's page may stand behind a request (cross-site request forgery, cross-site WebSockets)."""

import hmac
from collections.abc import Mapping
from urllib.parse import urlsplit

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def is_same_origin(headers: Mapping[str, str]) -> bool:
    """Tell whether the request comes from this node's own page, or from no browser at all.

    Browsers name the page behind each unsafe request and each WebSocket in `Origin`, newer ones in `Sec-Fetch-Site`
    too, and no script can change either. Programs send neither. Host and port are compared, not the scheme: TLS may
    end at a proxy before the node.

    Parameters
    ----------
    headers
        The request's headers, looked up without regard to case.
    """
    site = headers.get("sec-fetch-site")
    origin = headers.get("origin")
    if site == "same-origin":
        return True
    if origin is not None:
        return _authority(origin) == headers.get("host", "").lower()
    return site is None or site == "none"


def may_change(method: str, headers: Mapping[str, str], csrf: str | None) -> bool:
    """Tell whether a request whose credentials a browser adds by itself may change anything.

    Parameters
    ----------
    method
        The HTTP method; safe ones always may.
    headers
        The request's headers.
    csrf
        The session's token; a request that repeats it in `X-CSRF-Token` knows the session object.
    """
    if method in SAFE_METHODS or is_same_origin(headers):
        return True
    return csrf is not None and hmac.compare_digest(headers.get("x-csrf-token", "").encode(), csrf.encode())


def _authority(origin: str) -> str | None:
    try:
        parts = urlsplit(origin.lower())
    except ValueError:
        return None
    return parts.netloc or None
