"""The files of a `multipart/form-data` body (RFC 7578), handed on as they arrive."""

from http import HTTPStatus
from typing import TYPE_CHECKING, Final, Protocol

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from api.problems import Problem

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

_MOST_PARTS: Final = 100_000
_LONGEST_NAME: Final = 255


class Sink(Protocol):
    """Takes files, one after another."""

    def begin(self, name: str) -> None:
        """Start the file that its sender calls `name`."""

    def write(self, data: bytes) -> None:
        """Take the file's next bytes."""

    def end(self) -> None:
        """Finish the file."""

    def refuse(self, name: str, reason: str) -> None:
        """Note a file that is not taken."""


class FormFiles:
    """Finds the files in the body.

    Parameters
    ----------
    content_type
        The request's Content-Type.
    field
        The form field that files come in; other fields are skipped, but files in them are refused by name.
    sink
        Where the files go.

    Raises
    ------
    Problem
        415 when the request is no form, 400 when its boundary is impossible.
    """

    def __init__(self, content_type: str, field: str, sink: Sink) -> None:
        kind, options = parse_options_header(content_type)
        if kind != b"multipart/form-data":
            raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Files are uploaded as multipart/form-data.")
        self._field = field
        self._sink = sink
        self._name = bytearray()
        self._value = bytearray()
        self._headers: dict[str, str] = {}
        self._parts = 0
        self._open = False
        self._ended = False
        try:
            self._parser = MultipartParser(options.get(b"boundary", b""), self._callbacks())
        except FormParserError as error:
            raise _malformed() from error

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the body."""
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise _malformed() from error

    def close(self) -> None:
        """Check that the body came to its end."""
        if not self._ended:
            raise _malformed()

    def _callbacks(self) -> "MultipartCallbacks":
        return {
            "on_part_begin": self._begin_part,
            "on_header_field": self._take_name,
            "on_header_value": self._take_value,
            "on_header_end": self._end_header,
            "on_headers_finished": self._end_headers,
            "on_part_data": self._take,
            "on_part_end": self._end_part,
            "on_end": self._end,
        }

    def _begin_part(self) -> None:
        self._parts += 1
        if self._parts > _MOST_PARTS:
            raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "There are too many parts in this upload.")
        self._headers.clear()

    def _take_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _take_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        self._headers[self._name.decode("latin-1").lower()] = self._value.decode("latin-1")
        self._name.clear()
        self._value.clear()

    def _end_headers(self) -> None:
        _, options = parse_options_header(self._headers.get("content-disposition", ""))
        if b"filename" not in options:
            return
        # Header bytes pass as Latin-1; browsers write UTF-8 (RFC 7578 Section 5.1.1).
        name = _text(options[b"filename"])[-_LONGEST_NAME:]
        self._open = options.get(b"name", b"").decode("latin-1") == self._field
        if self._open:
            self._sink.begin(name)
        else:
            self._sink.refuse(name, f"Files are uploaded in the field '{self._field}', not in another one.")

    def _take(self, data: bytes, start: int, end: int) -> None:
        if self._open:
            self._sink.write(data[start:end])

    def _end_part(self) -> None:
        if self._open:
            self._sink.end()
        self._open = False

    def _end(self) -> None:
        self._ended = True


def _text(name: bytes) -> str:
    return name.decode("utf-8", "replace")


def _malformed() -> Problem:
    return Problem(HTTPStatus.BAD_REQUEST, "The multipart body is malformed or cut off.")
