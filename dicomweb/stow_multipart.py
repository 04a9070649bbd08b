"""The parts of a multipart body, found while its bytes arrive (RFC 2046 Section 5.1.1).

What is before the first boundary and behind the last belongs to no part and is passed over, boundaries may be followed
by spaces, and the headers of parts may be folded: all three are legal, and libraries for mail write them.
"""

import re
from collections.abc import Mapping
from typing import Final, Protocol

_NEW_LINE: Final = b"\r\n"
_HEADERS_END: Final = b"\r\n\r\n"
_LINE_END: Final = re.compile(rb"[ \t]*\r\n")
# What may still become the end of a boundary's line, or of the body.
_UNDECIDED: Final = re.compile(rb"-|[ \t]*\r?")
_FOLD: Final = re.compile(rb"\r\n[ \t]+")
# RFC 9110 Section 5.6.2: the characters of a header's name.
_NAME: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_LONGEST_BOUNDARY: Final = 256
_LONGEST_PADDING: Final = 64
_LONGEST_PREAMBLE: Final = 64 << 10
_LONGEST_HEADERS: Final = 16 << 10


class MalformedBody(Exception):
    """The body is no multipart body, or has longer things around its parts than anybody needs."""


class PartTaker(Protocol):
    """Takes parts, one after another."""

    def begin(self, headers: Mapping[bytes, bytes]) -> None:
        """Start a part; names of headers are in lower case."""

    def write(self, data: bytes) -> None:
        """Take its next bytes."""

    def end(self) -> None:
        """Finish it."""


class MultipartReader:
    """Finds the parts of a body.

    Parameters
    ----------
    boundary
        What stands between them.
    taker
        Takes them.

    Raises
    ------
    MalformedBody
        The boundary is too long.
    """

    def __init__(self, boundary: bytes, taker: PartTaker) -> None:
        if len(boundary) > _LONGEST_BOUNDARY:
            raise MalformedBody
        self._delimiter = _NEW_LINE + b"--" + boundary
        self._taker = taker
        # The first boundary needs no line before it.
        self._bytes = _NEW_LINE
        self._at = 0
        self._step = self._read_content
        self._in_part = False
        self._before = 0

    def feed(self, data: bytes) -> None:
        """Take the next bytes.

        Raises
        ------
        MalformedBody
            They cannot be those of a multipart body.
        """
        self._bytes += data
        while self._step():
            pass
        self._bytes, self._at = self._bytes[self._at :], 0

    def close(self) -> None:
        """Check that the body came to its end.

        Raises
        ------
        MalformedBody
            It did not.
        """
        if self._step != self._skip_rest:
            raise MalformedBody

    def _read_content(self) -> bool:
        """Hand on what is before the next boundary."""
        found = self._bytes.find(self._delimiter, self._at)
        # The last bytes may be the beginning of a boundary.
        end = found if found >= 0 else max(self._at, len(self._bytes) - len(self._delimiter) + 1)
        self._give(self._bytes[self._at : end])
        self._at = end
        if found < 0:
            return False
        self._at += len(self._delimiter)
        self._step = self._read_boundary_line
        return True

    def _read_boundary_line(self) -> bool:
        """Tell what a boundary is: the last, one between parts, or the beginning of a longer line of a part."""
        if self._bytes.startswith(b"--", self._at):
            self._end_part()
            self._step = self._skip_rest
        elif line_end := _LINE_END.match(self._bytes, self._at, self._at + _LONGEST_PADDING):
            self._end_part()
            # The line break stays: where a part has no headers, it is half of the two that end them.
            self._at = line_end.end() - len(_NEW_LINE)
            self._step = self._read_headers
        elif len(self._bytes) - self._at < _LONGEST_PADDING and _UNDECIDED.fullmatch(self._bytes, self._at):
            return False
        else:
            self._give(self._delimiter)
            self._step = self._read_content
        return True

    def _read_headers(self) -> bool:
        end = self._bytes.find(_HEADERS_END, self._at, self._at + _LONGEST_HEADERS)
        if end < 0:
            if len(self._bytes) - self._at >= _LONGEST_HEADERS:
                raise MalformedBody
            return False
        headers = _parse(self._bytes[self._at + len(_NEW_LINE) : end])
        self._at = end + len(_HEADERS_END)
        self._step = self._read_content
        self._in_part = True
        self._taker.begin(headers)
        return True

    def _skip_rest(self) -> bool:
        self._at = len(self._bytes)
        return False

    def _give(self, data: bytes) -> None:
        if self._in_part:
            if data:
                self._taker.write(data)
            return
        self._before += len(data)
        if self._before > _LONGEST_PREAMBLE:
            raise MalformedBody

    def _end_part(self) -> None:
        if self._in_part:
            self._in_part = False
            self._taker.end()


def _parse(text: bytes) -> dict[bytes, bytes]:
    """Read headers; of several with one name the last counts."""
    headers: dict[bytes, bytes] = {}
    for line in filter(None, _FOLD.sub(b" ", text).split(_NEW_LINE)):
        name, colon, value = line.partition(b":")
        if not colon or not _NAME.fullmatch(name):
            raise MalformedBody
        headers[name.lower()] = value.strip(b" \t")
    return headers
