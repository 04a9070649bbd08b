"""What the pixels of an image are and where they stand in its data set (PS3.3 Section C.7.6.3, PS3.5 Section 8)."""

import struct
from dataclasses import dataclass
from typing import Final

from archive.element_stream import Kind, Token, tokens
from archive.encodings import UNDEFINED, encoding_of
from archive.errors import NotFound, NotParsable

_ROWS, _COLUMNS = 0x00280010, 0x00280011
_SAMPLES, _PHOTOMETRIC, _PLANAR, _FRAMES = 0x00280002, 0x00280004, 0x00280006, 0x00280008
_ALLOCATED, _STORED, _HIGH_BIT, _REPRESENTATION = 0x00280100, 0x00280101, 0x00280102, 0x00280103
_EXTENDED_OFFSETS, _FLOAT, _DOUBLE = 0x7FE00001, 0x7FE00008, 0x7FE00009
_NUMBERS: Final = frozenset(
    {_ROWS, _COLUMNS, _SAMPLES, _PLANAR, _ALLOCATED, _STORED, _HIGH_BIT, _REPRESENTATION},
)
_TEXTS: Final = frozenset({_PHOTOMETRIC, _FRAMES})
_REAL_PIXELS: Final = frozenset({_FLOAT, _DOUBLE})
_WITH_VALUES: Final = frozenset({Kind.ELEMENT, Kind.PIXELS})
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
    found: dict[int, int | str] = {}
    extended: tuple[int, int] | None = None
    for token in tokens(buffer, encoding, whole_sequences=True):
        if token.depth or token.kind not in _WITH_VALUES:
            continue
        if token.kind is Kind.PIXELS or token.tag in _REAL_PIXELS:
            return _described(found, token, transfer_syntax_uid, extended)
        if token.tag in _NUMBERS and token.length >= struct.calcsize("H"):
            (found[token.tag],) = struct.unpack_from(">H" if encoding.big_endian else "<H", buffer, token.position)
        elif token.tag in _TEXTS:
            value = bytes(buffer[token.position : token.position + min(token.length, _LONGEST_TEXT)])
            found[token.tag] = value.decode("ascii", "replace").strip(" \0")
        elif token.tag == _EXTENDED_OFFSETS:
            extended = token.position, token.length
    raise NotFound("The object has no pixel data.")


def _described(
    found: dict[int, int | str], token: Token, transfer_syntax_uid: str, extended: tuple[int, int] | None
) -> ImagePixels:
    def number(tag: int, default: int) -> int:
        value = found.get(tag, default)
        return value if isinstance(value, int) else default

    frames = str(found.get(_FRAMES, "1"))
    real = token.tag in _REAL_PIXELS
    allocated = {_FLOAT: 32, _DOUBLE: 64}.get(token.tag) or number(_ALLOCATED, 0)
    if not number(_ROWS, 0) or not number(_COLUMNS, 0) or allocated not in {1, 8, 16, 32, 64}:
        raise NotParsable("The pixel data is not described.")
    return ImagePixels(
        transfer_syntax_uid=transfer_syntax_uid,
        rows=number(_ROWS, 0),
        columns=number(_COLUMNS, 0),
        samples_per_pixel=number(_SAMPLES, 1) or 1,
        bits_allocated=allocated,
        bits_stored=number(_STORED, allocated) or allocated,
        pixel_representation=number(_REPRESENTATION, 0),
        planar_configuration=number(_PLANAR, 0),
        photometric_interpretation=str(found.get(_PHOTOMETRIC, "MONOCHROME2")),
        # Ten digits hold every number that fits the attribute; more is an attack on the integer parser.
        number_of_frames=max(1, int(frames)) if frames.isascii() and frames.isdecimal() and len(frames) < 11 else 1,  # noqa: PLR2004
        real=real,
        vr=token.vr,
        position=token.position,
        length=token.length,
        extended_offsets=extended,
    )
