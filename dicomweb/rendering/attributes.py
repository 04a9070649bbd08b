"""What a data set says about showing its pixels: transformations, tables, palettes (PS3.3 Sections C.11 and C.7.9)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from dicomweb.header_json import JsonDataSet, find_value, header_json

_SHARED, _PER_FRAME = "52009229", "52009230"
_FRAME_VOI, _PIXEL_TRANSFORMATION = "00289132", "00289145"
_CENTER, _WIDTH, _FUNCTION = "00281050", "00281051", "00281056"
_INTERCEPT, _SLOPE = "00281052", "00281053"
_MODALITY_LUT, _VOI_LUT = 0x00283000, 0x00283010
_DESCRIPTOR, _DATA = 0x00283002, 0x00283006
_PALETTES: Final = ((0x00281101, 0x00281201), (0x00281102, 0x00281202), (0x00281103, 0x00281203))
_BYTE: Final = 8
_ENTRIES: Final = 1 << 16


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
    entries: "np.ndarray[Any, Any]"
    bits: int

    def apply(self, values: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
        """Look values up."""
        indexes = np.clip(values.astype(np.int64) - self.first, 0, len(self.entries) - 1)
        return np.asarray(self.entries[indexes])


@dataclass(frozen=True, slots=True)
class Window:
    """A window: what becomes grey between black and white (PS3.3 Section C.11.2.1.2)."""

    center: float
    width: float
    function: str = "LINEAR"


@dataclass(frozen=True, slots=True, kw_only=True)
class Display:
    """How the pixels of a frame are shown.

    Parameters
    ----------
    slope, intercept
        The linear modality transformation.
    modality_lut
        The one that takes its place.
    window, voi_lut
        The first of each, where there is one.
    inverse
        True when Presentation LUT Shape says so.
    padding
        Pixel Padding Value and Range Limit, in stored values.
    palette
        Red, green and blue.
    """

    slope: float = 1.0
    intercept: float = 0.0
    modality_lut: Lut | None = None
    window: Window | None = None
    voi_lut: Lut | None = None
    inverse: bool = False
    padding: tuple[float, float] | None = None
    palette: Sequence[Lut] = field(default_factory=tuple)


def read_display(buffer: memoryview, transfer_syntax_uid: str, frame: int) -> Display:
    """Read what is said for a frame, counted from 1: for it alone, for all frames, or for the image."""
    header = header_json(buffer, transfer_syntax_uid, "")
    reader = _Reader(buffer, transfer_syntax_uid, header)
    transformation = reader.group(_PIXEL_TRANSFORMATION, frame)
    voi = reader.group(_FRAME_VOI, frame)
    return Display(
        slope=_number(transformation, _SLOPE, 1.0) or 1.0,
        intercept=_number(transformation, _INTERCEPT, 0.0) or 0.0,
        modality_lut=reader.lut([_MODALITY_LUT, 1, _DESCRIPTOR], [_MODALITY_LUT, 1, _DATA]),
        window=_window(voi),
        voi_lut=reader.lut([_VOI_LUT, 1, _DESCRIPTOR], [_VOI_LUT, 1, _DATA]),
        inverse=_value(header, "20500020") == "INVERSE",
        padding=_padding(header),
        palette=reader.palette(),
    )


class _Reader:
    """Finds attributes in the data set, its functional groups and its tables."""

    def __init__(self, buffer: memoryview, transfer_syntax_uid: str, header: JsonDataSet) -> None:
        self._buffer = buffer
        self._transfer_syntax_uid = transfer_syntax_uid
        self._header = header

    def group(self, tag: str, frame: int) -> Mapping[str, Any]:
        """Give a functional group of a frame; the data set itself where there is none (PS3.3 Section C.7.6.16)."""
        for holder in (_items(self._header, _PER_FRAME)[frame - 1 : frame], _items(self._header, _SHARED)[:1]):
            for item in holder:
                found = _items(item, tag)
                if found:
                    return found[0]
        return self._header

    def lut(self, descriptor_path: list[int], data_path: list[int]) -> Lut | None:
        """Read a table by the places of its descriptor and data (PS3.3 Section C.11.1.1)."""
        descriptor, data = self._words(descriptor_path), self._words(data_path)
        if descriptor is None or data is None or len(descriptor) < 3 or not len(data):  # noqa: PLR2004
            return None
        # No entries means 65,536 of them.
        count, bits = int(descriptor[0]) or _ENTRIES, int(descriptor[2])
        first = int(descriptor[1].astype(np.int16)) if self._signed else int(descriptor[1])
        if len(data) * 2 == count and bits <= _BYTE:
            # Entries of eight bits, two in a word.
            data = data.view(np.uint8)
        return Lut(first, data[:count], min(16, max(_BYTE, bits)))

    def palette(self) -> tuple[Lut, ...]:
        """Read the three tables of a palette; none when one is missing (PS3.3 Section C.7.9)."""
        tables = [self.lut([descriptor], [data]) for descriptor, data in _PALETTES]
        found = tuple(table for table in tables if table is not None)
        return found if len(found) == len(_PALETTES) else ()

    @property
    def _signed(self) -> bool:
        return bool(_value(self._header, "00280103") == 1)

    def _words(self, path: list[int]) -> "np.ndarray[Any, Any] | None":
        token = find_value(self._buffer, self._transfer_syntax_uid, path)
        if token is None or token.length > _ENTRIES * 2:
            return None
        order = ">" if self._transfer_syntax_uid == "1.2.840.10008.1.2.2" else "<"
        value = bytes(self._buffer[token.position : token.position + token.length // 2 * 2])
        return np.frombuffer(value, f"{order}u2").astype(np.uint16)


def _items(holder: Mapping[str, Any], tag: str) -> list[Mapping[str, Any]]:
    element = holder.get(tag, {})
    return list(element.get("Value", ())) if element.get("vr") == "SQ" else []


def _value(holder: Mapping[str, Any], tag: str) -> Any:
    values = holder.get(tag, {}).get("Value") or [None]
    return values[0]


def _number(holder: Mapping[str, Any], tag: str, default: float | None) -> float | None:
    value = _value(holder, tag)
    return float(value) if isinstance(value, int | float) else default


def _window(holder: Mapping[str, Any]) -> Window | None:
    center, width = _number(holder, _CENTER, None), _number(holder, _WIDTH, None)
    if center is None or width is None or width <= 0:
        return None
    return Window(center, width, str(_value(holder, _FUNCTION) or "LINEAR"))


def _padding(header: JsonDataSet) -> tuple[float, float] | None:
    value = _number(header, "00280120", None)
    if value is None:
        return None
    limit = _number(header, "00280121", value)
    return (value, value) if limit is None else (min(value, limit), max(value, limit))
