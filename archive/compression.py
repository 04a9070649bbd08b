"""Pixel data compressed without loss, for destinations that ask for it (PS3.5 Sections 8.2 and A.4)."""

import struct
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from typing import Final, Protocol

from archive.decoding import DecodedFrame, FrameDecoder
from archive.element_stream import Token
from archive.encodings import EXPLICIT_LITTLE, ITEM, PIXEL_DATA, SEQUENCE_END, UNDEFINED, encoding_of
from archive.errors import NotTranscodable
from archive.native_pixels import decoded_frames, description_of, pixels_of
from archive.pixels import ImagePixels
from archive.reencoding import OFFSET_TABLES, Reencoder, Write

_RLE: Final = "1.2.840.10008.1.2.5"
_JPEG_LS: Final = "1.2.840.10008.1.2.4.80"
_JPEG_2000: Final = "1.2.840.10008.1.2.4.90"
# JPEG-LS Near-lossless and JPEG 2000 may hold what was compressed without loss too (PS3.5 Sections A.4.3 and A.4.4).
_ENCODED_AS: Final = {
    _RLE: _RLE,
    _JPEG_LS: _JPEG_LS,
    "1.2.840.10008.1.2.4.81": _JPEG_LS,
    _JPEG_2000: _JPEG_2000,
    "1.2.840.10008.1.2.4.91": _JPEG_2000,
}
_ITEM: Final = struct.Struct("<HHI")


class FrameEncoder(Protocol):
    """Compresses frames."""

    def encode(self, pixels: ImagePixels, frame: DecodedFrame, target_syntax: str) -> bytes:
        """Compress one frame without loss or raise `NotTranscodable`."""


def can_compress(transfer_syntax_uid: str) -> bool:
    """Tell whether pixel data can be compressed to this transfer syntax."""
    return transfer_syntax_uid in _ENCODED_AS


def compress_to(
    write: Write,
    buffer: memoryview,
    source_syntax: str,
    target_syntax: str,
    *,
    decoder: FrameDecoder,
    encoder: FrameEncoder,
) -> None:
    """Write a data set with compressed pixel data, frame by frame.

    Raises
    ------
    NotTranscodable
        It has no pixel data, or such as the target cannot hold: real numbers, single bits, samples of more than two
        bytes.
    """
    pixels = pixels_of(buffer, source_syntax)
    if pixels is None or pixels.real or pixels.bits_allocated == 1:
        raise NotTranscodable("There are no pixels that could be compressed.")
    frames = decoded_frames(buffer, pixels, decoder)
    first = next(frames, None)
    if first is None:
        raise NotTranscodable("The pixel data has no frames.")
    codestreams = _encoded(pixels, chain([first], frames), encoder, _ENCODED_AS[target_syntax])
    reencoder = Reencoder(
        buffer,
        encoding_of(source_syntax),
        EXPLICIT_LITTLE,
        write,
        replaced=description_of(pixels, first),
        dropped=OFFSET_TABLES,
    )

    def write_pixels(_: Token) -> None:
        reencoder.write(reencoder.header(PIXEL_DATA, b"OB", UNDEFINED))
        # The Basic Offset Table stays empty: where frames begin is not known before all are compressed.
        reencoder.write(_item(b""))
        for codestream in codestreams:
            reencoder.write(_item(codestream))
        reencoder.write(_ITEM.pack(SEQUENCE_END >> 16, SEQUENCE_END & 0xFFFF, 0))

    reencoder.run(write_pixels)


def _encoded(
    pixels: ImagePixels, frames: Iterator[DecodedFrame], encoder: FrameEncoder, target_syntax: str
) -> Iterator[bytes]:
    kind: str | None = None
    for frame in frames:
        if frame.photometric_interpretation != (kind or frame.photometric_interpretation):
            raise NotTranscodable("The frames of the pixel data are not of one kind.")
        kind = frame.photometric_interpretation
        described = replace(pixels, photometric_interpretation=kind, planar_configuration=0)
        yield encoder.encode(described, frame, target_syntax)


def _item(value: bytes) -> bytes:
    padding = len(value) % 2
    return _ITEM.pack(ITEM >> 16, ITEM & 0xFFFF, len(value) + padding) + value + b"\0" * padding
