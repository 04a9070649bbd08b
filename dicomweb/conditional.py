"""Conditional requests: what a client has already is not sent again (RFC 9110 Section 13, PS3.18 Section 8.4.2)."""

import hashlib
from collections.abc import Callable, Iterable
from functools import cache
from http import HTTPStatus
from importlib.metadata import version

from starlette.requests import Request
from starlette.responses import Response

from archive.retrieve import StoredInstance

# What the form of an answer depends on, besides its address.
_CHOOSING = frozenset({b"accept", b"host"})


def conditional(request: Request, found: Iterable[StoredInstance], make: Callable[[], Response]) -> Response:
    """Answer 304 when the client has this answer, else what is made now, with its entity tag.

    Parameters
    ----------
    request
        Its method, address and headers.
    found
        The instances that the answer is made of; a stored instance never changes.
    make
        Makes the answer.
    """
    return conditional_on(request, (f"{instance.key}\0{instance.content_hash}" for instance in found), make)


def conditional_on(request: Request, states: Iterable[str], make: Callable[[], Response]) -> Response:
    """Do the same for what is made of some states, which are other ones when the answer is."""
    tag = entity_tag(request, states)
    headers = {"ETag": tag, "Vary": "Accept"}
    if _is_known(request.headers.getlist("if-none-match"), tag):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    answer = make()
    answer.headers["ETag"] = tag
    answer.headers.add_vary_header("Accept")
    return answer


def entity_tag(request: Request, states: Iterable[str]) -> str:
    """Give the tag of an answer: it is decided by the objects, the address, what is accepted, and this version."""
    scope = request.scope
    chosen = (value for name, value in scope["headers"] if name in _CHOOSING)
    address = f"{_version()}\0{scope['scheme']}\0{scope.get('server')}\0{scope.get('root_path')}\0{scope['path']}"
    digest = hashlib.blake2b(digest_size=16)
    digest.update(b"\0".join([address.encode("utf-8", "replace"), scope["query_string"], *chosen, b""]))
    for state in states:
        digest.update(f"{state}\0".encode())
    # Weak: boundaries of parts and compression make other bytes of the same content.
    return f'W/"{digest.hexdigest()}"'


def _is_known(values: Iterable[str], tag: str) -> bool:
    known = {value.strip().removeprefix("W/") for text in values for value in text.split(",")}
    return "*" in known or tag.removeprefix("W/") in known


@cache
def _version() -> str:
    return version("isocenter")
