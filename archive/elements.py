"""Walks over the data elements of a data set (PS3.5 Section 7), whatever it holds, without recursion.

It visits every element to the end, so that a data set that passes is well-formed; values are skipped by seeking,
but for the few that the caller wants.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, TypeAlias

from archive.encodings import (
    BYTES_VRS,
    IMPLICIT_LITTLE,
    ITEM,
    ITEM_END,
    PIXEL_DATA,
    SEQUENCE_END,
    UNDEFINED,
    Encoding,
)
from archive.errors import LimitExceeded, NotParsable
from archive.limits import Limits
from archive.runs import Piece, Run, Runs
from archive.sources import UNKNOWN_SIZE, Source

# Most headers fit into one read; a refill costs one system call.
_WINDOW: Final = 32_768
# Between fragments of pixel data there is nothing to see but the next item's header.
_FRAGMENT_WINDOW: Final = 256
_LONGEST_HEADER: Final = 12
_ITEM_HEADER: Final = 8
_FIRST_DELIMITER: Final = 0xFFFE_0000
_OPEN: Final = UNKNOWN_SIZE + 1
# No VR at all: implicit VR.
_SEQUENCE_VRS: Final = frozenset((b"SQ", b"UN", b""))

# What to collect: a tag's own key, or for a sequence the tags wanted in its first item.
Wanted: TypeAlias = Mapping[int, "int | Wanted"]
_NOTHING: Final[Wanted] = {}
# Size of an element with its header, the key of its value if that is wanted, and the value's length. The eight bytes
# of most headers (tag, VR, length) are the same in all objects of a scanner: to know them is a third of reading them.
Step: TypeAlias = "tuple[int, int | None, int]"
Steps: TypeAlias = dict[bytes, Step]
_SHORT_HEADER: Final = 8
_MOST_STEPS: Final = 20_000


@dataclass(slots=True)
class _Level:
    """A run of elements or of items that is being read.

    Parameters
    ----------
    end
        Where it ends; `_OPEN` if a delimiter ends it.
    encoding
        How its elements are written.
    wanted
        What to collect here: in a sequence, for its first item.
    items
        It is a sequence.
    fragments
        It is encapsulated pixel data: a sequence whose items are just bytes (PS3.5 Section A.4).
    """

    end: int
    encoding: Encoding
    wanted: Wanted
    items: bool = False
    fragments: bool = False


@dataclass(slots=True)
class Walk:
    """One walk over one data set.

    Parameters
    ----------
    source
        The bytes.
    encoding
        How they are written.
    wanted
        The values to collect, by tag.
    limits
        What to put up with.
    steps
        What earlier walks with the same encoding and wishes have learnt of short element headers; it grows.
    runs
        What earlier walks of this thread, with the same encoding, wishes and limits, have met.
    """

    source: Source
    encoding: Encoding
    wanted: Wanted
    limits: Limits
    steps: "Steps" = field(default_factory=dict)
    runs: Runs = field(default_factory=Runs)
    values: dict[int, bytes] = field(default_factory=dict)
    _levels: list[_Level] = field(default_factory=list)
    _position: int = 0
    _count: int = 0
    _depth: int = 0
    _buffer: bytes = b""
    _base: int = 0
    _met: int = 0
    _starts: list[int] = field(default_factory=list)

    def run(self) -> dict[int, bytes]:
        """Walk to the end and return the wanted values by their keys, cut to the limit.

        Raises
        ------
        NotParsable
            The data set is not well-formed.
        LimitExceeded
            It is deeper or has more elements than the limits allow.
        """
        self._levels.append(_Level(self.source.size, self.encoding, self.wanted))
        first = self._fill(0)
        try:
            while self._levels:
                level = self._levels[-1]
                if level.items:
                    self._read_items(level)
                else:
                    self._read_elements(level)
        except struct.error as error:
            raise NotParsable("The data set ends inside a data element.") from error
        if self.runs.is_learning:
            self.runs.learn(self._pieces(first))
        else:
            self.runs.met(self._met)
        return self.values

    def _read_elements(self, level: _Level) -> None:
        """Read the elements of one level until it ends or a sequence begins."""
        end, position = level.end, self._position
        is_top = level.wanted is self.wanted
        steps, runs = (self.steps, self.runs.known) if is_top else ({}, {})
        starts = self._starts if is_top else []
        buffer, base = self._buffer, self._base
        last_start = base + len(buffer) - _LONGEST_HEADER
        while position < end:
            if position > last_start:
                buffer, base = self._fill(position), position
                last_start = base + len(buffer) - _LONGEST_HEADER
                self._check_count()
                if len(buffer) <= 1 and self._ends_at(position, level, buffer):
                    position += len(buffer)
                    break
            offset = position - base
            header = buffer[offset : offset + _SHORT_HEADER]
            if header in runs and (passed := self._pass_over(runs[header], buffer, offset)):
                position += passed
                continue
            self._count += 1
            starts.append(position)
            step = steps.get(header)
            if step is None:
                step = self._first_step(level, steps, buffer, position)
                if step is None:
                    return None
            size, key, length = step
            if key is not None:
                self._collect(key, position + size - length, length)
            position += size
        return self._close(level, position)

    def _pass_over(self, run: Run, buffer: bytes, offset: int) -> int:
        """Take the values of a run that stands here again; returns its size, 0 when something else stands here."""
        if not buffer.startswith(run.content, offset):
            return 0
        self._met += 1
        self._count += run.count
        self.values.update(run.values)
        return len(run.content)

    def _pieces(self, first: bytes) -> list[Piece]:
        """Return the outermost elements that lie in the first window, but not the last: it has no end there."""
        return [self._piece(first[begin:end]) for begin, end in pairwise(self._starts) if end <= len(first)]

    def _piece(self, content: bytes) -> Piece:
        step = self.steps.get(content[:_SHORT_HEADER])
        if step is None:
            tag = self.encoding.element(content, 0)[0]
            return Piece(content, None if tag in self.wanted else {})
        size, key, length = step
        if key is None:
            return Piece(content, {})
        return Piece(content, {key: content[size - length :]} if length <= self.limits.value_bytes else None)

    def _first_step(self, level: _Level, steps: "Steps", buffer: bytes, position: int) -> "Step | None":
        """Read an element header that is not known yet; none when a sequence begins or the level ends here."""
        offset = position - self._base
        tag, vr, length, size = level.encoding.element(buffer, offset)
        if tag == ITEM and len(self._levels) == 1 and length != UNDEFINED:
            self._position = position + size + length
            self._pass_over_item(level)
            return None
        if tag >= _FIRST_DELIMITER:
            self._position = position + size
            self._end_item(level, tag, length)
            return None
        if vr == b"SQ" or length == UNDEFINED:
            self._position = position + size
            self._open(level, tag, vr, length)
            return None
        key = level.wanted.get(tag)
        step = size + length, None if isinstance(key, Mapping) else key, length
        if size == _SHORT_HEADER and len(steps) < _MOST_STEPS:
            steps[buffer[offset : offset + _SHORT_HEADER]] = step
        return step

    def _pass_over_item(self, level: _Level) -> None:
        """Take an item outside any sequence: some scanners write a sequence of length 0, and its items behind it.

        What follows may be the rest of such an item, so that it replaces nothing that was there before.
        """
        if level.wanted is self.wanted:
            level.wanted = {
                tag: key for tag, key in self.wanted.items() if isinstance(key, Mapping) or key not in self.values
            }

    def _read_items(self, level: _Level) -> None:
        """Read items of a sequence until it ends or one with content begins."""
        position = self._position
        while position < level.end:
            tag, length = self._item_header(level, position)
            self._count += 1
            position += _ITEM_HEADER
            if tag == SEQUENCE_END:
                return self._close(level, position, delimited=True)
            if tag != ITEM:
                raise NotParsable("A sequence holds something that is not an item.")
            if level.fragments:
                position += self._fragment_length(length, position)
            elif length:
                self._position = position
                return self._open_item(level, length)
        return self._close(level, position)

    def _item_header(self, level: _Level, position: int) -> tuple[int, int]:
        offset = position - self._base
        if offset < 0 or offset + _ITEM_HEADER > len(self._buffer):
            self._fill(position, _FRAGMENT_WINDOW if level.fragments else _WINDOW)
            self._check_count()
            offset = 0
        group, element, length = level.encoding.item.unpack_from(self._buffer, offset)
        return group << 16 | element, length

    def _fragment_length(self, length: int, position: int) -> int:
        if length == UNDEFINED or position + length > self.source.size:
            raise NotParsable("A fragment of pixel data is longer than the data set.")
        return length

    def _open_item(self, level: _Level, length: int) -> None:
        wanted, level.wanted = level.wanted, _NOTHING
        self._push(_Level(self._end_of(level, length), level.encoding, wanted))

    def _open(self, level: _Level, tag: int, vr: bytes, length: int) -> None:
        """Begin a sequence, or the fragments of encapsulated pixel data."""
        end = self._end_of(level, length)
        if vr in BYTES_VRS or tag == PIXEL_DATA:
            return self._push(_Level(end, level.encoding, _NOTHING, items=True, fragments=True))
        if vr not in _SEQUENCE_VRS:
            raise NotParsable("A data element has no length.")
        # UN of undefined length is a sequence in implicit VR little endian (PS3.5 Section 6.2.2).
        encoding = IMPLICIT_LITTLE if vr == b"UN" else level.encoding
        inner = level.wanted.get(tag, _NOTHING)
        self._depth += 1
        if self._depth > self.limits.depth:
            raise LimitExceeded("Its sequences are nested too deeply.")
        return self._push(_Level(end, encoding, inner if isinstance(inner, Mapping) else _NOTHING, items=True))

    def _push(self, level: _Level) -> None:
        self._check_count()
        self._levels.append(level)

    def _end_of(self, level: _Level, length: int) -> int:
        if length == UNDEFINED:
            return _OPEN
        end = self._position + length
        if end > min(level.end, self.source.size):
            raise NotParsable("A sequence or item is longer than what holds it.")
        return end

    def _end_item(self, level: _Level, tag: int, length: int) -> None:
        """Take a delimiter among elements: only that of an item belongs there."""
        if tag != ITEM_END or length or len(self._levels) == 1:
            raise NotParsable("A delimiter stands where a data element should be.")
        self._close(level, self._position, delimited=True)

    def _close(self, level: _Level, position: int, *, delimited: bool = False) -> None:
        """Leave a level at its end. Delimiters at the end of a defined length are superfluous, but harmless."""
        if level.end == _OPEN:
            if not delimited:
                raise NotParsable("The data set ends inside a sequence.")
        elif position != min(level.end, self.source.size):
            raise NotParsable("A data element is longer than what holds it.")
        self._check_count()
        self._levels.pop()
        self._depth -= level.items and not level.fragments
        self._position = position

    def _check_count(self) -> None:
        if self._count > self.limits.elements:
            raise LimitExceeded("It has too many data elements.")

    def _ends_at(self, position: int, level: _Level, rest: bytes) -> bool:
        """Tell whether the data set ends properly here.

        The size of an inflated one is known only now. One of odd length had to be sent with a NUL behind it.
        """
        if len(self._levels) > 1:
            return False
        return rest == b"\0" or (not rest and level.end == UNKNOWN_SIZE and position == self.source.size)

    def _fill(self, position: int, count: int = _WINDOW) -> bytes:
        self._buffer, self._base = self.source.read(position, count), position
        return self._buffer

    def _collect(self, key: int, position: int, length: int) -> None:
        count = min(length, self.limits.value_bytes)
        offset = position - self._base
        if offset + count <= len(self._buffer):
            self.values[key] = self._buffer[offset : offset + count]
        else:
            # Values at the window's end: reading forwards by less than a window keeps inflated data available.
            self.values[key] = self._fill(position)[:count]
