"""The parts of a STOW-RS body, handed on as they arrive (PS3.18 Sections 8.6.1.2 and 10.5.1.4, RFC 2387)."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final, Protocol

from python_multipart.multipart import parse_options_header

from dicomweb.frame_formats import OCTETS
from dicomweb.model_forms import JSON
from dicomweb.native_xml import XML
from dicomweb.problems import Problem, bad_request
from dicomweb.stow_multipart import MalformedBody, MultipartReader

DICOM: Final = "application/dicom"
METADATA: Final = (JSON, XML)
_MOST_PARTS: Final = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PartHead:
    """What a part says of itself.

    Parameters
    ----------
    media_type
        In lower case, without parameters.
    parameters
        By name in lower case.
    location
        Its Content-Location, by which metadata names it.
    """

    media_type: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    location: str | None = None


class Sink(Protocol):
    """Takes parts, one after another."""

    def begin(self, head: PartHead) -> None:
        """Start a part."""

    def write(self, data: bytes) -> None:
        """Take its next bytes."""

    def end(self) -> None:
        """Finish it."""

    def finish(self) -> None:
        """Do what can be done only when all parts are there."""

    def discard(self) -> None:
        """Remove what is left of parts."""


class Body(Protocol):
    """Takes the bytes of a body."""

    def feed(self, data: bytes) -> None:
        """Take the next bytes."""

    def close(self) -> None:
        """Check that the body came to its end."""


@dataclass(frozen=True, slots=True)
class BodyKind:
    """What a body holds.

    Parameters
    ----------
    media_type
        Of its objects: `application/dicom`, or of their metadata.
    boundary
        Between its parts; none where it is one object.
    """

    media_type: str
    boundary: bytes | None

    @property
    def is_metadata(self) -> bool:
        """True for metadata with bulk data."""
        return self.media_type in METADATA


def body_kind(content_type: str) -> BodyKind:
    """Read the Content-Type of a body.

    Raises
    ------
    Problem
        415 when it is none that objects are stored from, 400 when its boundary is missing.
    """
    head = _part_head(content_type.encode("latin-1", "replace"))
    if head.media_type in (DICOM, *METADATA):
        return BodyKind(head.media_type, None)
    content = head.parameters.get("type", DICOM).lower()
    if head.media_type != "multipart/related" or content not in (DICOM, *METADATA):
        raise Problem(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            f"Objects are stored as {DICOM}, {JSON} or {XML}, alone or in multipart/related.",
        )
    boundary = head.parameters.get("boundary", "")
    if not boundary:
        raise bad_request("The Content-Type of a multipart body needs a boundary.")
    return BodyKind(content, boundary.encode("latin-1"))


def open_body(kind: BodyKind, sink: Sink) -> Body:
    """Choose how the body is read: in parts, or as one object.

    Raises
    ------
    Problem
        400 when its boundary is impossible.
    """
    if kind.boundary is None:
        return _OneObject(kind.media_type, sink)
    return _Parts(kind.media_type, kind.boundary, sink)


class _OneObject:
    """A body that is one DICOM file, or metadata alone."""

    def __init__(self, media_type: str, sink: Sink) -> None:
        self._sink = sink
        self._sink.begin(PartHead(media_type=media_type))

    def feed(self, data: bytes) -> None:
        self._sink.write(data)

    def close(self) -> None:
        self._sink.end()


class _Parts:
    """A body of parts."""

    def __init__(self, media_type: str, boundary: bytes, sink: Sink) -> None:
        self._media_type = media_type
        self._sink = sink
        self._count = 0
        self.write, self.end = sink.write, sink.end
        with _refusing():
            self._reader = MultipartReader(boundary, self)

    def feed(self, data: bytes) -> None:
        with _refusing():
            self._reader.feed(data)

    def close(self) -> None:
        with _refusing():
            self._reader.close()

    def begin(self, headers: Mapping[bytes, bytes]) -> None:
        self._count += 1
        if self._count > _MOST_PARTS:
            raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "There are too many parts in this request.")
        # The root comes first (RFC 2387 Section 3.2); parts behind it are bulk data where they say nothing else.
        usual = OCTETS if self._media_type in METADATA and self._count > 1 else self._media_type
        location = headers.get(b"content-location")
        self._sink.begin(
            _part_head(
                headers.get(b"content-type") or usual.encode(),
                location.decode("utf-8", "replace").strip() if location else None,
            )
        )


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except MalformedBody as error:
        raise bad_request("The multipart body is malformed or cut off.") from error


def _part_head(content_type: bytes, location: str | None = None) -> PartHead:
    media_type, options = parse_options_header(content_type)
    return PartHead(
        media_type=media_type.decode("latin-1").lower(),
        parameters={name.decode("latin-1").lower(): value.decode("latin-1") for name, value in options.items()},
        location=location,
    )
