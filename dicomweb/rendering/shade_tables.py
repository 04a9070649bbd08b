"""The shade of each value that samples can have, looked up for each pixel: few values, many pixels.

Images of a series are shown in the same way, so that the shades that were found for one serve for the next.
"""

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

Array = np.ndarray[Any, Any]

_BYTE: Final = 8
# So many tables of at most 64 KiB are kept.
_MOST_KEPT: Final = 64
# So many pixels are looked up at once: their places, which are of eight bytes each, stay near the processor.
_AT_ONCE: Final = 1 << 14


@dataclass(frozen=True, slots=True)
class _Table:
    """Shades of all values from `lowest` to `highest`, at the places that the bits of a value are as a whole number."""

    shades: Array
    lowest: int
    highest: int


class ShadeTables:
    """Gives pixels their shades; shared between threads."""

    def __init__(self) -> None:
        self._known: dict[Hashable, _Table] = {}

    def look_up(self, samples: Array, shades_of: Callable[[Array], Array], key: Hashable = None) -> Array:
        """Give each pixel its shade.

        Parameters
        ----------
        samples
            Integers of one or two bytes.
        shades_of
            Gives the shades of values, which are of the same kind as the samples, as bytes.
        key
            What the shades are decided by; none when they are not to be kept.
        """
        lowest, highest = int(samples.min()), int(samples.max())
        kept_by = None if key is None else (key, samples.dtype.str)
        table = self._known.get(kept_by) if kept_by is not None else None
        if table is None or lowest < table.lowest or highest > table.highest:
            if table is not None:
                lowest, highest = min(lowest, table.lowest), max(highest, table.highest)
            table = _Table(_spread(lowest, highest, samples.dtype, shades_of), lowest, highest)
            if kept_by is not None:
                self._keep(kept_by, table)
        return _looked_up(samples, table.shades)

    def _keep(self, key: Hashable, table: _Table) -> None:
        if len(self._known) >= _MOST_KEPT:
            self._known.clear()
        self._known[key] = table


def _spread(lowest: int, highest: int, dtype: "np.dtype[Any]", shades_of: Callable[[Array], Array]) -> Array:
    values = np.arange(lowest, highest + 1, dtype=np.int32)
    count = 1 << _BYTE * dtype.itemsize
    table = np.zeros(count, np.uint8)
    table[values & count - 1] = shades_of(values.astype(dtype))
    return table


class _Places(threading.local):
    """Memory of a thread for places in a table: to ask for it anew each time takes as long as to look up."""

    def __init__(self) -> None:
        # In the form in which numpy counts, which it would make of any other one piece by piece.
        self.memory = np.empty(_AT_ONCE, np.intp)


_PLACES: Final = _Places()


def _looked_up(samples: Array, table: Array) -> Array:
    # A negative number stands where the same bits stand as a positive one.
    flat = samples.reshape(-1).view(f"{samples.dtype.byteorder}u{samples.dtype.itemsize}")
    shades = np.empty(flat.size, np.uint8)
    for start in range(0, flat.size, _AT_ONCE):
        part = flat[start : start + _AT_ONCE]
        places = _PLACES.memory[: part.size]
        places[...] = part
        # Nothing is clipped, as all places are there: numpy would only work on a copy if it had to refuse others.
        table.take(places, out=shades[start : start + part.size], mode="clip")
    return shades.reshape(samples.shape)
