"""Look-up tables of data sets: for values, and of palettes (PS3.3 Sections C.11.1.1 and C.7.9)."""

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

Array = np.ndarray[Any, Any]

_DESCRIPTOR, _DATA = "00283002", "00283006"
# Descriptor, data and segmented data of red, green and blue.
_PALETTES: Final = (
    ("00281101", "00281201", "00281221"),
    ("00281102", "00281202", "00281222"),
    ("00281103", "00281203", "00281223"),
)
_BYTE: Final = 8
_WORD: Final = 16
_ENTRIES: Final = 1 << 16
_DISCRETE, _LINEAR, _INDIRECT = range(3)
# An indirect segment repeats segments that stand before it, so that expansion needs an end.
_MOST_SEGMENTS: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Lut:
    """A look-up table.

    Parameters
    ----------
    first
        The value that the first entry stands for; values below take it too, values above the last one.
    entries
        Array of unsigned integers.
    bits
        Bits of an entry.
    """

    first: int
    entries: Array
    bits: int

    def apply(self, values: Array) -> Array:
        """Look values up."""
        indexes = np.clip(values.astype(np.int64) - self.first, 0, len(self.entries) - 1)
        return np.asarray(self.entries[indexes])

    def shades(self, values: Array) -> Array:
        """Look values up, as parts of the largest that an entry can be."""
        return self.apply(values) / np.float32((1 << self.bits) - 1)

    def shades_of_shades(self, shades: Array) -> Array:
        """Look up what is between 0 and 1, which is spread over all entries."""
        indexes = (np.clip(shades, 0, 1) * (len(self.entries) - 1) + 0.5).astype(np.int64)
        return np.asarray(self.entries[indexes] / np.float32((1 << self.bits) - 1))


def lut_of(item: Mapping[str, Any], *, signed: bool) -> Lut | None:
    """Read the table of an item of a Modality, VOI or Presentation LUT Sequence.

    Parameters
    ----------
    item
        In the DICOM JSON Model.
    signed
        True when the values that are looked up are signed.
    """
    return _table(item, _DESCRIPTOR, _words(item.get(_DATA, {})), signed=signed)


def palette_of(header: Mapping[str, Any], *, signed: bool) -> tuple[Lut, ...]:
    """Read the three tables of a palette, plain or in segments; none when one is missing."""
    found = []
    for descriptor, data, segmented in _PALETTES:
        words = _words(header.get(data, {}))
        if not len(words):
            words = _expanded(_words(header.get(segmented, {})))
        table = _table(header, descriptor, words, signed=signed)
        if table is None:
            return ()
        found.append(table)
    return tuple(found)


def _table(holder: Mapping[str, Any], descriptor_tag: str, data: Array, *, signed: bool) -> Lut | None:
    descriptor = _words(holder.get(descriptor_tag, {}))
    if len(descriptor) < 3 or not len(data):  # noqa: PLR2004 - entries, first value, bits
        return None
    # No entries means 65,536 of them.
    count, bits = int(descriptor[0]) or _ENTRIES, int(descriptor[2])
    first = int(descriptor[1].astype(np.int16)) if signed else int(descriptor[1])
    if len(data) * 2 == count + count % 2 and bits <= _BYTE:
        # Entries of eight bits, two in a word.
        data = data.view(np.uint8)
    return Lut(first, data[:count], min(_WORD, max(_BYTE, bits)))


def _words(element: Mapping[str, Any]) -> Array:
    """Give the value of an element, whichever VR it has, as words."""
    if "InlineBinary" in element:
        value = base64.b64decode(element["InlineBinary"])
        return np.frombuffer(value[: len(value) // 2 * 2], "<u2").astype(np.uint16)
    numbers = [value for value in element.get("Value", ()) if isinstance(value, int)]
    return (np.asarray(numbers, np.int64) & 0xFFFF).astype(np.uint16)


def _expanded(words: Array) -> Array:
    """Write the segments of a palette out (PS3.3 Section C.7.9.2)."""
    entries: list[Array] = []
    count = 0
    for segment in _segments(words):
        last = int(entries[-1][-1]) if entries else 0
        kind, length, values = segment
        if kind == _DISCRETE:
            entries.append(values)
        else:
            # The first point of the line is the last one of the segment before.
            entries.append(np.rint(np.linspace(last, int(values[0]), length + 1)[1:]).astype(np.uint16))
        count += length
        if count >= _ENTRIES:
            break
    return np.concatenate(entries) if entries else words


def _segments(words: Array) -> Iterator[tuple[int, int, Array]]:
    """Yield discrete and linear segments with their lengths; what is indirect is followed to them, once."""
    position, remaining, back = 0, -1, 0
    for _ in range(_MOST_SEGMENTS):
        if remaining == 0:
            position, remaining = back, -1
        if position + 2 >= len(words):
            return
        kind, length = int(words[position]), int(words[position + 1])
        if kind == _INDIRECT and remaining < 0 and position + 3 < len(words):
            offset = int(words[position + 2]) | int(words[position + 3]) << _WORD
            back, position, remaining = position + 4, offset, length
            continue
        used = length if kind == _DISCRETE else 1
        values = words[position + 2 : position + 2 + used]
        if kind not in {_DISCRETE, _LINEAR} or not length or len(values) < used:
            return
        yield kind, length, values
        position, remaining = position + 2 + used, remaining - 1 if remaining > 0 else remaining
