"""Media types of requests: Accept headers with the parameters that DICOM adds (PS3.18 Sections 8.7.4 and 8.7.5)."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final

from starlette.requests import Request

from dicomweb.problems import not_acceptable

ANY_TRANSFER_SYNTAX: Final = "*"
_LONGEST_HEADER: Final = 8192
_MOST_RANGES: Final = 64
# A client accepts the same again and again.
_REMEMBERED: Final = 256
# A quoted string, or anything up to a divider: `type=application/dicom` is not quoted by some clients, though it must.
_PARAMETER: Final = re.compile(r';\s*([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;,"\s]+))')
_TYPE: Final = re.compile(r"\s*([\w*+.-]+/[\w*+.-]+)")
_RANGE: Final = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*")+')
_SPACE_IN_NAME: Final = re.compile(r"(?<=\w) (?=\w)")


@dataclass(frozen=True, slots=True)
class MediaRange:
    """One of the media types that a client accepts.

    Parameters
    ----------
    media_type
        Lower case, such as `multipart/related`, perhaps with `*`.
    parameters
        Without `q`; names in lower case.
    quality
        From 0 to 1.
    less_wanted
        What a wildcard does not stand for, since another range names it with a lower quality (RFC 9110 Section 12.5.1).
    """

    media_type: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    quality: float = 1.0
    less_wanted: frozenset[str] = frozenset()

    @property
    def multipart(self) -> bool:
        """True for `multipart/related`, the only multipart type of whole answers, also by `multipart/*`."""
        return self.media_type in {"multipart/related", "multipart/*"}

    @property
    def wildcard(self) -> bool:
        """True for `*/*`, alone or as the type of a multipart answer."""
        return self.content == "*/*"

    @property
    def content(self) -> str:
        """The media type of the content: of the parts where it is multipart, any where that is not said."""
        return self.parameters.get("type", "*/*").lower() if self.multipart else self.media_type

    @property
    def transfer_syntax(self) -> str | None:
        """The wanted transfer syntax, `*` for any; none when it is not said."""
        return self.parameters.get("transfer-syntax")

    def covers(self, media_type: str) -> bool:
        """Tell whether a media type is among what the content may be."""
        media_type = media_type.lower()
        kind, _, _ = media_type.partition("/")
        if self.content == media_type:
            return True
        return self.content in {f"{kind}/*", "*/*"} and self.less_wanted.isdisjoint({media_type, f"{kind}/*"})


def parse_accept(text: str) -> list[MediaRange]:
    """Read an Accept header, the most wanted first; what is no media type is left out."""
    parsed = map(_parse_range, _RANGE.findall(text[:_LONGEST_HEADER])[:_MOST_RANGES])
    ranges = [found for found in parsed if found is not None]
    wanted = [_without_less_wanted(found, ranges) for found in ranges if found.quality > 0]
    return sorted(wanted, key=lambda found: -found.quality)


def accepted(request: Request) -> list[MediaRange]:
    """Read what a request accepts: its query parameter `accept` before its header (PS3.18 Section 8.3.3.1).

    Raises
    ------
    Problem
        406 when nothing of it is a media type.
    """
    asked = ", ".join(request.query_params.getlist("accept")) if request.scope["query_string"] else ""
    # A plus sign that was not percent-encoded arrives as a space, which no media type has: `application/dicom+json`.
    asked = _SPACE_IN_NAME.sub("+", asked)
    ranges = _remembered((asked or ", ".join(request.headers.getlist("accept")) or "*/*")[:_LONGEST_HEADER])
    if not ranges:
        raise not_acceptable("The Accept header names no media type.")
    return list(ranges)


@lru_cache(maxsize=_REMEMBERED)
def _remembered(text: str) -> tuple[MediaRange, ...]:
    return tuple(parse_accept(text))


def _without_less_wanted(wide: MediaRange, ranges: Iterable[MediaRange]) -> MediaRange:
    """Take out of a wildcard what the other ranges name with a lower quality."""
    if not wide.content.endswith("/*"):
        return wide
    less_wanted = (
        each.content
        for each in ranges
        if each.multipart == wide.multipart and each.quality < wide.quality and each.content != wide.content
    )
    return replace(wide, less_wanted=frozenset(less_wanted))


def _parse_range(text: str) -> MediaRange | None:
    media_type = _TYPE.match(text)
    if media_type is None:
        return None
    parameters = {
        name.lower(): re.sub(r"\\(.)", r"\1", quoted) or plain
        for name, quoted, plain in _PARAMETER.findall(text, media_type.end())
    }
    try:
        quality = float(parameters.pop("q", "1"))
    except ValueError:
        quality = 0.0
    return MediaRange(media_type[1].lower(), parameters, min(1.0, quality))
