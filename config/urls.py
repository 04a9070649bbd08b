"""URLs of what a node works with: one that nothing could be reached by is told when it is read, not when it is used."""

import re
from collections.abc import Callable
from typing import Annotated

from pydantic import AfterValidator

_HIGHEST_PORT = 65535
# Name and password may hold anything but an at sign, as SQLAlchemy reads them.
_PARTS = re.compile(
    r"(?P<scheme>[a-z0-9+]+)://(?:[^:/@]*(?::[^@]*)?@)?(?P<host>\[[^\]/?]+\]|[^:/?]*)(?::(?P<port>[^/?]*))?"
    r"(?:/(?P<path>[^?]*))?(?P<query>\?.*)?",
    re.DOTALL,
)


def _one_of(*schemes: str, then: Callable[[str, re.Match[str]], None]) -> AfterValidator:
    def check(url: str) -> str:
        if url.partition("://")[0] not in schemes or "://" not in url:
            raise ValueError(f"the URL must start with one of {', '.join(f'{scheme}://' for scheme in schemes)}")
        parts = _PARTS.fullmatch(url)
        if parts is None:
            raise ValueError(f"this is no URL such as {schemes[0]}://host:port/name")
        then(parts["scheme"], parts)
        return url

    return AfterValidator(check)


def _check_database(scheme: str, parts: re.Match[str]) -> None:
    if scheme == "sqlite":
        if parts["host"] or parts["port"] or (parts["path"] or ":memory:") == ":memory:":
            raise ValueError("a file must be named, which all roles share: sqlite:////srv/isocenter/index.sqlite")
        return
    _check_port(parts)


def _check_storage(scheme: str, parts: re.Match[str]) -> None:
    if scheme == "file" and not parts.string.startswith("file:///"):
        raise ValueError("a folder is named by its whole path, behind three slashes: file:///srv/isocenter/blobs")


def _check_broker(scheme: str, parts: re.Match[str]) -> None:
    _check_port(parts)
    if "/" in parts.string.partition("://")[2].rpartition("@")[0]:
        raise ValueError("in a name or password, a slash is written as %2F")
    if not parts["host"]:
        raise ValueError(f"a host is missing: {scheme}://host:port")
    if scheme.startswith("redis") and not re.fullmatch("[0-9]*", parts["path"] or ""):
        raise ValueError("behind the slash stands the number of a Redis database: redis://host:6379/0")


def _check_port(parts: re.Match[str]) -> None:
    """Check the port without quoting it: where a password is not encoded, it may be a part of one."""
    port = parts["port"] or "0"
    if not re.fullmatch("[0-9]+", port) or int(port) > _HIGHEST_PORT:
        raise ValueError(
            "the port is no number up to 65535 (in a name or password, colons, slashes, at signs and question marks "
            "are written as %3A, %2F, %40 and %3F)"
        )


DatabaseUrl = Annotated[str, _one_of("sqlite", "postgresql", then=_check_database)]
StorageUrl = Annotated[str, _one_of("file", "s3", then=_check_storage)]
EventsUrl = Annotated[str, _one_of("redis", "rediss", then=_check_broker)]
QueueUrl = Annotated[str, _one_of("redis", "rediss", "amqp", "amqps", then=_check_broker)]
