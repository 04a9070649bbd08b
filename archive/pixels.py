"""What the pixels of an image are and where they stand in its data set (PS3.3 Section C.7.6.3, PS3.5 Section 8)."""

from dataclasses import dataclass
from typing import Final, cast

from archive.encodings import UNDEFINED, ElementHeader, encoding_of
from archive.errors import NotFound, NotParsable
from archive.outline import DOUBLE_FLOAT_PIXEL_DATA, FLOAT_PIXEL_DATA, Outline, read_outline, walk_outline

_ROWS, _COLUMNS = 0x00280010, 0x00280011
_SAMPLES, _PHOTOMETRIC, _PLANAR, _FRAMES = 0x00280002, 0x00280004, 0x00280006, 0x00280008
_ALLOCATED, _STORED, _REPRESENTATION = 0x00280100, 0x00280101, 0x00280103
_EXTENDED_OFFSETS: Final = 0x7FE00001
_REAL_BITS: Final = {FLOAT_PIXEL_DATA: 32, DOUBLE_FLOAT_PIXEL_DATA: 64}
_US_BYTES: Final = 2
# As much as any right value has; a wrong one may be as large as the object.
_LONGEST_TEXT: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagePixels:
    """The Image Pixel description of a data set and the place of its pixel data.

    Parameters
    ----------
    number_of_frames
        As the data set says, 1 at least; what is really there is known to `archive.frames`.
    real
        True for Float and Double Float Pixel Data.
    vr
        Of the pixel data as written; empty in implicit VR.
    position, length
        Of the value in the data set; the length is `UNDEFINED` for encapsulated pixel data.
    extended_offsets
        Position and length of the Extended Offset Table's value, where there is one.
    """

    transfer_syntax_uid: str
    rows: int
    columns: int
    samples_per_pixel: int
    bits_allocated: int
    bits_stored: int
    pixel_representation: int
    planar_configuration: int
    photometric_interpretation: str
    number_of_frames: int
    real: bool
    vr: bytes
    position: int
    length: int
    extended_offsets: tuple[int, int] | None = None

    @property
    def encapsulated(self) -> bool:
        """True when the pixel data is in fragments (PS3.5 Section A.4)."""
        return self.length == UNDEFINED

    @property
    def samples_per_frame(self) -> int:
        """Number of samples of one frame, as the description has it."""
        return self.rows * self.columns * self.samples_per_pixel


def read_pixels(buffer: memoryview, transfer_syntax_uid: str) -> ImagePixels:
    """Read the description up to the pixel data.

    Raises
    ------
    NotFound
        The object has no pixel data.
    """
    encoding = encoding_of(transfer_syntax_uid)
    try:
        outline = read_outline(buffer, encoding)
    except NotParsable:
        # Not all damage is before the pixels; and a look at all of it says best what it is.
        outline = walk_outline(buffer, encoding)
    return describe_pixels(buffer, outline, transfer_syntax_uid)


def describe_pixels(buffer: bytes | memoryview, outline: Outline, transfer_syntax_uid: str) -> ImagePixels:
    """Read the description where the places of its elements are known already.

    Parameters
    ----------
    buffer
        The data set, at least up to its pixel data.
    outline
        Its elements.
    transfer_syntax_uid
        How it is encoded.

    Raises
    ------
    NotFound
        The object has no pixel data.
    """
    if outline.pixels is None:
        raise NotFound("The object has no pixel data.")
    description = _Description(buffer, outline)
    tag, vr, length, size = description.header(outline.pixels)
    rows, columns = description.number(_ROWS, 0), description.number(_COLUMNS, 0)
    allocated = _REAL_BITS.get(tag) or description.number(_ALLOCATED, 0)
    if not rows or not columns or allocated not in {1, 8, 16, 32, 64}:
        raise NotParsable("The pixel data is not described.")
    frames = description.text(_FRAMES, "1")
    return ImagePixels(
        transfer_syntax_uid=transfer_syntax_uid,
        rows=rows,
        columns=columns,
        samples_per_pixel=description.number(_SAMPLES, 1) or 1,
        bits_allocated=allocated,
        bits_stored=description.number(_STORED, allocated) or allocated,
        pixel_representation=description.number(_REPRESENTATION, 0),
        planar_configuration=description.number(_PLANAR, 0),
        photometric_interpretation=description.text(_PHOTOMETRIC, "MONOCHROME2"),
        # Ten digits hold every number that fits the attribute; more is an attack on the integer parser.
        number_of_frames=max(1, int(frames)) if frames.isascii() and frames.isdecimal() and len(frames) < 11 else 1,  # noqa: PLR2004
        real=tag in _REAL_BITS,
        vr=vr,
        position=outline.pixels + size,
        length=length,
        extended_offsets=description.span(_EXTENDED_OFFSETS),
    )


class _Description:
    """The values of a description, read as they are needed."""

    def __init__(self, buffer: bytes | memoryview, outline: Outline) -> None:
        # A view serves as well as bytes here, and mapping a file makes no copy of it.
        self._buffer = cast("bytes", buffer)
        self._outline = outline

    def header(self, position: int) -> ElementHeader:
        return self._outline.encoding.element(self._buffer, position)

    def span(self, tag: int) -> tuple[int, int] | None:
        """Give position and length of a value, where there is one."""
        place = self._outline.places.get(tag)
        if place is None:
            return None
        _, _, length, size = self.header(place)
        return place + size, length

    def number(self, tag: int, default: int) -> int:
        position, length = self.span(tag) or (0, 0)
        if length < _US_BYTES:
            return default
        return int.from_bytes(
            self._buffer[position : position + _US_BYTES], "big" if self._outline.encoding.big_endian else "little"
        )

    def text(self, tag: int, default: str) -> str:
        span = self.span(tag)
        if span is None:
            return default
        position, length = span
        value = bytes(self._buffer[position : position + min(length, _LONGEST_TEXT)])
        return value.decode("ascii", "replace").strip(" \0")
