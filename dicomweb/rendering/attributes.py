"""What a data set says about showing its pixels: transformations, tables, palettes (PS3.3 Sections C.11 and C.7.9)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from archive.dataset_buffer import data_set_buffer
from archive.retrieve import StoredInstance
from dicomweb.header_json import JsonDataSet, header_json
from dicomweb.locating import file_of
from dicomweb.rendering.tables import Lut, lut_of, palette_of
from dicomweb.services import ImageServices

_SHARED, _PER_FRAME = "52009229", "52009230"
_FRAME_VOI, _PIXEL_TRANSFORMATION = "00289132", "00289145"
_CENTER, _WIDTH, _FUNCTION = "00281050", "00281051", "00281056"
_INTERCEPT, _SLOPE = "00281052", "00281053"
_MODALITY_LUT, _VOI_LUT = "00283000", "00283010"
_REPRESENTATION, _SHAPE = "00280103", "20500020"
# Tables of 65,536 words are wanted inline, and colour profiles.
INLINE_BYTES: Final = 1 << 20


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
    presentation_lut
        From presentation states.
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
    presentation_lut: Lut | None = None
    inverse: bool = False
    padding: tuple[float, float] | None = None
    palette: Sequence[Lut] = field(default_factory=tuple)


def read_header(services: ImageServices, instance: StoredInstance) -> JsonDataSet:
    """Read the data set of an instance, with its tables, but without what is larger or private."""
    path, syntax = file_of(services, instance), instance.transfer_syntax_uid
    with data_set_buffer(path, instance.data_offset, syntax) as buffer:
        return header_json(buffer, syntax, "", inline_bytes=INLINE_BYTES, private=False)


def display_of(header: Mapping[str, Any], frame: int) -> Display:
    """Gather what is said for a frame, counted from 1: for it alone, for all frames, or for the image.

    Parameters
    ----------
    header
        As `read_header` gives it.
    frame
        Counted from 1.
    """
    transformation = group_of(header, _PIXEL_TRANSFORMATION, frame)
    voi = group_of(header, _FRAME_VOI, frame)
    signed = first_value(header, _REPRESENTATION) == 1
    return Display(
        slope=number_of(transformation, _SLOPE, 1.0) or 1.0,
        intercept=number_of(transformation, _INTERCEPT, 0.0) or 0.0,
        modality_lut=first_table(header, _MODALITY_LUT, signed=signed),
        window=window_of(voi),
        # What leaves the modality transformation is signed when that can make it negative.
        voi_lut=first_table(voi, _VOI_LUT, signed=signed) or first_table(header, _VOI_LUT, signed=signed),
        inverse=first_value(header, _SHAPE) == "INVERSE",
        padding=_padding(header),
        palette=palette_of(header, signed=signed),
    )


def group_of(header: Mapping[str, Any], tag: str, frame: int) -> Mapping[str, Any]:
    """Give a functional group of a frame; the data set itself where there is none (PS3.3 Section C.7.6.16)."""
    for holder in (items_of(header, _PER_FRAME)[frame - 1 : frame], items_of(header, _SHARED)[:1]):
        for item in holder:
            found = items_of(item, tag)
            if found:
                return found[0]
    return header


def items_of(holder: Mapping[str, Any], tag: str) -> list[Mapping[str, Any]]:
    """Give the items of a sequence; none where there is no such sequence."""
    element = holder.get(tag, {})
    return list(element.get("Value", ())) if element.get("vr") == "SQ" else []


def values_of(holder: Mapping[str, Any], tag: str) -> list[Any]:
    """Give the values of an attribute; none where it is missing or empty."""
    return list(holder.get(tag, {}).get("Value") or ())


def first_value(holder: Mapping[str, Any], tag: str) -> Any:
    """Give the first value of an attribute."""
    return next(iter(values_of(holder, tag)), None)


def number_of(holder: Mapping[str, Any], tag: str, default: float | None = None) -> float | None:
    """Give the first value of an attribute where it is a number."""
    value = first_value(holder, tag)
    return float(value) if isinstance(value, int | float) else default


def first_table(holder: Mapping[str, Any], tag: str, *, signed: bool) -> Lut | None:
    """Give the first table of a LUT sequence."""
    return next((lut_of(item, signed=signed) for item in items_of(holder, tag)), None)


def window_of(holder: Mapping[str, Any]) -> Window | None:
    """Give the first window."""
    center, width = number_of(holder, _CENTER), number_of(holder, _WIDTH)
    if center is None or width is None or width <= 0:
        return None
    return Window(center, width, str(first_value(holder, _FUNCTION) or "LINEAR"))


def _padding(header: Mapping[str, Any]) -> tuple[float, float] | None:
    value = number_of(header, "00280120")
    if value is None:
        return None
    limit = number_of(header, "00280121", value)
    return (value, value) if limit is None else (min(value, limit), max(value, limit))
