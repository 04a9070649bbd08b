"""The parts of a STOW-RS body, handed on as they arrive (PS3.18 Section 10.5.2, RFC 2387)."""

from http import HTTPStatus
from typing import TYPE_CHECKING, Final, Protocol

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from dicomweb.problems import Problem, bad_request

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

DICOM: Final = "application/dicom"
_MOST_PARTS: Final = 100_000


class Sink(Protocol):
    """Takes objects, one after another."""

    def begin(self, content_type: str) -> None:
        """Start an object."""

    def write(self, data: bytes) -> None:
        """Take its next bytes."""

    def end(self) -> None:
        """Finish it."""


class Body(Protocol):
    """Takes the bytes of a body."""

    def feed(self, data: bytes) -> None:
        """Take the next bytes."""

    def close(self) -> None:
        """Check that the body came to its end."""


def open_body(content_type: str, sink: Sink) -> Body:
    """Choose how the body is read: in parts, or as one object.

    Raises
    ------
    Problem
        415 when the body is of another kind, 400 when its boundary is impossible.
    """
    kind, options = parse_options_header(content_type)
    if kind == DICOM.encode():
        return _OneObject(sink)
    content = options.get(b"type", DICOM.encode()).decode("latin-1").lower()
    if kind != b"multipart/related" or content != DICOM:
        raise Problem(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "Objects are stored as application/dicom, alone or in multipart/related.",
        )
    return _Parts(options.get(b"boundary", b""), sink)


class _OneObject:
    """A body that is one DICOM file."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._sink.begin(DICOM)

    def feed(self, data: bytes) -> None:
        self._sink.write(data)

    def close(self) -> None:
        self._sink.end()


class _Parts:
    """A body of parts."""

    def __init__(self, boundary: bytes, sink: Sink) -> None:
        if not boundary:
            raise bad_request("The Content-Type of a multipart body needs a boundary.")
        self._sink = sink
        self._name = bytearray()
        self._value = bytearray()
        self._content_type = DICOM
        self._count = 0
        self._ended = False
        try:
            self._parser = MultipartParser(boundary, self._callbacks())
        except FormParserError as error:
            raise _malformed() from error

    def feed(self, data: bytes) -> None:
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise _malformed() from error

    def close(self) -> None:
        if not self._ended:
            raise _malformed()

    def _callbacks(self) -> "MultipartCallbacks":
        return {
            "on_part_begin": self._begin_part,
            "on_header_field": lambda data, start, end: self._name.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
            "on_header_end": self._end_header,
            "on_headers_finished": lambda: self._sink.begin(self._content_type),
            "on_part_data": lambda data, start, end: self._sink.write(data[start:end]),
            "on_part_end": self._sink.end,
            "on_end": self._end,
        }

    def _begin_part(self) -> None:
        self._count += 1
        if self._count > _MOST_PARTS:
            raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "There are too many parts in this request.")
        self._content_type = DICOM

    def _end_header(self) -> None:
        if self._name.lower() == b"content-type":
            kind, _ = parse_options_header(bytes(self._value))
            self._content_type = kind.decode("latin-1").lower()
        self._name.clear()
        self._value.clear()

    def _end(self) -> None:
        self._ended = True


def _malformed() -> Problem:
    return bad_request("The multipart body is malformed or cut off.")
