"""The data sets in the metadata of a STOW-RS request (PS3.18 Section 10.5.1.4): an array in JSON, or one a document.

Whoever reads JSON at once has many times its size in memory, and what is nested too deep for a stack ends a process.
So the array is taken apart first, by its brackets, and its data sets are read one by one.
"""

import json
import re
from collections.abc import Iterator
from mmap import mmap
from typing import Any, Final, NamedTuple

from archive.errors import LimitExceeded, NodeError, NotParsable
from archive.limits import Limits
from dicomweb.native_xml_reading import read_native_xml
from dicomweb.stow_pieces import Pieces, Span

MOST_BYTES: Final = 32 << 20
"""The metadata of one object."""
_MOST_DATA_SETS: Final = 100_000
# Up to the next bracket that is in no string; or to a quote without its partner.
_TO_BRACKET: Final = re.compile(
    rb'[^"{}\[\]]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"[^"{}\[\]]*+)*+[{}\[\]"]',
    re.DOTALL,
)
_ARRAY_BEGIN: Final = re.compile(rb"(?:\xef\xbb\xbf)?[ \t\r\n]*\[[ \t\r\n]*")
_BETWEEN: Final = re.compile(rb"[ \t\r\n]*,[ \t\r\n]*")
_ARRAY_END: Final = re.compile(rb"[ \t\r\n]*\][ \t\r\n]*")
# A data set in a sequence of a data set is in an object, an array and an object more.
_BRACKETS_OF_SEQUENCE: Final = 3
_BRACKETS_OF_DATA_SET: Final = 3
_OPENING, _CLOSING, _OBJECT = b"{[", b"}]", b"{"[0]


class Malformed(NotParsable):
    """The metadata is no JSON, or no XML."""


class _Found(NamedTuple):
    """A data set in JSON text: where it stands, and what is wrong with it."""

    start: int
    end: int
    too_much: str


def read_json(pieces: Pieces, span: Span, limits: Limits) -> Iterator[Any]:
    """Yield the data sets of an array; what exceeds a limit is an error in their place.

    Raises
    ------
    Malformed
        It is no array of objects. Then there is no data set at all.
    """
    if not span.size:
        raise Malformed
    with pieces.mapped() as whole:
        for found in list(_data_sets(whole, span, limits)):
            yield LimitExceeded(found.too_much) if found.too_much else _parsed(whole[found.start : found.end])


def read_xml(pieces: Pieces, span: Span, limits: Limits) -> Any:
    """Give the data set of a document, or an error in its place."""
    if span.size > MOST_BYTES:
        return LimitExceeded("Its metadata is too long.")
    try:
        return read_native_xml(pieces.read_at(span), limits)
    except LimitExceeded as error:
        return error
    except NotParsable:
        return Malformed()


def _parsed(text: bytes) -> Any:
    try:
        return json.loads(text.decode("utf-8"), parse_constant=_no_number)
    except (ValueError, RecursionError):
        return Malformed()


def _no_number(name: str) -> NodeError:
    raise ValueError(name)


def _data_sets(whole: mmap, span: Span, limits: Limits) -> Iterator[_Found]:
    """Find the objects of an array."""
    end = sum(span)
    position = _after(_ARRAY_BEGIN, whole, span.start, end)
    if not _ARRAY_END.match(whole, position, end):
        for _ in range(_MOST_DATA_SETS):
            found = _object(whole, position, end, limits)
            yield found
            position = found.end
            separator = _BETWEEN.match(whole, position, end)
            if separator is None:
                break
            position = separator.end()
    if _after(_ARRAY_END, whole, position, end) != end:
        raise Malformed


def _after(pattern: "re.Pattern[bytes]", whole: mmap, position: int, end: int) -> int:
    match = pattern.match(whole, position, end)
    if match is None:
        raise Malformed
    return match.end()


def _object(whole: mmap, start: int, end: int, limits: Limits) -> _Found:
    """Find the end of the object that begins here, and whether it is within the limits."""
    if start >= end or whole[start] != _OBJECT:
        raise Malformed
    depth = count = 0
    deepest = limits.depth * _BRACKETS_OF_SEQUENCE + _BRACKETS_OF_DATA_SET
    too_much = ""
    position = start
    while token := _TO_BRACKET.match(whole, position, end):
        position = token.end()
        bracket = whole[position - 1]
        if bracket in _OPENING:
            depth += 1
            count += bracket == _OBJECT
            if depth > deepest:
                too_much = "Its sequences are nested too deeply."
        elif bracket in _CLOSING:
            depth -= 1
            if not depth:
                return _limited(start, position, count, too_much, limits)
        else:
            break
    raise Malformed


def _limited(start: int, end: int, count: int, too_much: str, limits: Limits) -> _Found:
    if count > limits.elements:
        too_much = "It has too many data elements."
    if end - start > MOST_BYTES:
        too_much = "Its metadata is too long."
    return _Found(start, end, too_much)
