"""What a compressed frame says of itself: of which transfer syntax it is, and what its pixels are.

Senders leave both out: media types stand for several transfer syntaxes, and the Image Pixel Description may be omitted
where the codestream has it (PS3.18 Section 10.5.1.4). JPEG: ISO/IEC 10918-1 Annex B; JPEG-LS: ISO/IEC 14495-1 Annex C;
JPEG 2000: ISO/IEC 15444-1 Annex A, with Part 15 for its high throughput.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from dicomweb.json_values import JsonElement

MOST_HEADER_BYTES: Final = 1 << 16
"""No header of a codestream that is worth reading is longer."""

_JPEG_START: Final = b"\xff\xd8"
_JPEG_2000_START: Final = b"\xff\x4f\xff\x51"
_MARKER: Final = 0xFF
_JP2_START: Final = b"\0\0\0\x0cjP  "
_ADOBE: Final = 0xEE
_SCAN: Final = 0xDA
_LOSSLESS: Final = 0xC3
_JPEG_LS: Final = 0xF7
_FRAMES: Final = frozenset({0xC0, 0xC1, 0xC2, _LOSSLESS, _JPEG_LS})
_WITHOUT_LENGTH: Final = frozenset({0x01, *range(0xD0, 0xD9)})
_SIZE, _CAPABILITIES, _CODING = 0x51, 0x50, 0x52
_TILE_PART: Final = 0x90
_BASELINE: Final = "1.2.840.10008.1.2.4.50"
_SYNTAXES: Final = {0xC0: _BASELINE, 0xC1: "1.2.840.10008.1.2.4.51", 0xC2: "1.2.840.10008.1.2.4.55"}
_COLOURS: Final = 3
_BYTE: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Codestream:
    """What the header of a codestream says (PS3.3 Section C.7.6.3)."""

    transfer_syntax: str
    rows: int
    columns: int
    samples_per_pixel: int
    bits_stored: int
    signed: bool
    photometric_interpretation: str

    def attributes(self) -> dict[str, JsonElement]:
        """Give the Image Pixel Description in the DICOM JSON Model."""
        allocated = _BYTE if self.bits_stored <= _BYTE else 2 * _BYTE
        numbers = {
            "00280002": self.samples_per_pixel,
            "00280010": self.rows,
            "00280011": self.columns,
            "00280100": allocated,
            "00280101": self.bits_stored,
            "00280102": self.bits_stored - 1,
            "00280103": int(self.signed),
        }
        if self.samples_per_pixel > 1:
            numbers["00280006"] = 0
        description: dict[str, JsonElement] = {tag: {"vr": "US", "Value": [number]} for tag, number in numbers.items()}
        return description | {"00280004": {"vr": "CS", "Value": [self.photometric_interpretation]}}


def container_bytes(header: bytes) -> int:
    """Count the bytes of a JP2 file before its codestream, which pixel data is without (PS3.5 Section A.4.4)."""
    return max(header.find(_JPEG_2000_START), 0) if header.startswith(_JP2_START) else 0


def read_codestream(header: bytes) -> Codestream | None:
    """Read the header of a frame; none for what is not one of these, or is broken."""
    try:
        if header.startswith(_JPEG_START):
            return _jpeg(header)
        # In a file of its own (JP2) it is the content of a box, behind others.
        start = header.find(_JPEG_2000_START)
        return _jpeg_2000(header, start) if start >= 0 else None
    except (struct.error, IndexError):
        return None


def _segments(header: bytes, position: int) -> Iterator[tuple[int, bytes]]:
    """Yield markers and what follows each, up to the pixels."""
    while True:
        if header[position] != _MARKER:
            raise IndexError
        marker = header[position + 1]
        if marker == _MARKER:
            position += 1
            continue
        position += 2
        if marker in _WITHOUT_LENGTH:
            continue
        (length,) = struct.unpack_from(">H", header, position)
        yield marker, header[position + 2 : position + length]
        if marker in {_SCAN, _TILE_PART}:
            return
        position += length


def _jpeg(header: bytes) -> Codestream | None:
    frame, kind, adobe, scan = b"", 0, -1, b""
    for marker, content in _segments(header, 2):
        if marker in _FRAMES:
            frame, kind = content, marker
        elif marker == _ADOBE and content.startswith(b"Adobe"):
            adobe = content[11]
        elif marker == _SCAN:
            scan = content
    if not frame or not scan:
        return None
    bits, rows, columns, samples = struct.unpack_from(">BHHB", frame)
    return Codestream(
        transfer_syntax=_jpeg_syntax(kind, scan),
        rows=rows,
        columns=columns,
        samples_per_pixel=samples,
        bits_stored=bits,
        signed=False,
        photometric_interpretation=_jpeg_colours(kind, samples, frame[6:], adobe),
    )


def _jpeg_syntax(kind: int, scan: bytes) -> str:
    # Behind the components of the scan: the predictor of lossless JPEG, NEAR of JPEG-LS.
    parameter = scan[1 + 2 * scan[0]]
    if kind == _LOSSLESS:
        return "1.2.840.10008.1.2.4.70" if parameter == 1 else "1.2.840.10008.1.2.4.57"
    if kind == _JPEG_LS:
        return "1.2.840.10008.1.2.4.81" if parameter else "1.2.840.10008.1.2.4.80"
    return _SYNTAXES[kind]


def _jpeg_colours(kind: int, samples: int, components: bytes, adobe: int) -> str:
    if samples != _COLOURS:
        return "MONOCHROME2"
    if kind in {_LOSSLESS, _JPEG_LS} or adobe == 0 or components[0::3][:_COLOURS] == b"RGB":
        return "RGB"
    # Sampling factors: twice as many samples of luminance as of chrominance in a row, or as many.
    return "YBR_FULL_422" if components[1] >> 4 > components[4] >> 4 else "YBR_FULL"


def _jpeg_2000(header: bytes, start: int) -> Codestream | None:
    size, coding, high_throughput = b"", b"", False
    for marker, content in _segments(header, start + 2):
        if marker == _SIZE:
            size = content
        elif marker == _CODING:
            coding = content
        high_throughput |= marker == _CAPABILITIES
    # Of the reference grid: extent and offset of the image.
    right, lower, left, upper = struct.unpack_from(">IIII", size, 2)
    (samples,) = struct.unpack_from(">H", size, 34)
    depth, reversible, mixed = size[36], coding[9] == 1, coding[4] == 1
    if high_throughput:
        syntax = "1.2.840.10008.1.2.4.201" if reversible else "1.2.840.10008.1.2.4.203"
    else:
        syntax = "1.2.840.10008.1.2.4.90" if reversible else "1.2.840.10008.1.2.4.91"
    colours = ("YBR_RCT" if reversible else "YBR_ICT") if mixed else "RGB"
    return Codestream(
        transfer_syntax=syntax,
        rows=lower - upper,
        columns=right - left,
        samples_per_pixel=samples,
        bits_stored=(depth & 0x7F) + 1,
        signed=bool(depth & 0x80),
        photometric_interpretation=colours if samples == _COLOURS else "MONOCHROME2",
    )
