"""In which media types a frame can be given, and which of them a client wants (PS3.18 Sections 8.7.3 and 8.7.5)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from archive.compression import can_compress
from archive.encodings import EXPLICIT_VR_LITTLE_ENDIAN
from archive.pixels import ImagePixels
from archive.transcoding import NATIVE, can_decompress
from dicomweb.media_types import ANY_TRANSFER_SYNTAX, MediaRange
from dicomweb.problems import not_acceptable

OCTETS: Final = "application/octet-stream"
_JPEG: Final = "image/jpeg"
# PS3.18 Tables 8.7.3-2 and 8.7.3-5.
_COMPRESSED: Final = {
    "1.2.840.10008.1.2.4.50": _JPEG,
    "1.2.840.10008.1.2.4.51": _JPEG,
    "1.2.840.10008.1.2.4.53": _JPEG,
    "1.2.840.10008.1.2.4.55": _JPEG,
    "1.2.840.10008.1.2.4.57": _JPEG,
    "1.2.840.10008.1.2.4.70": _JPEG,
    "1.2.840.10008.1.2.4.80": "image/jls",
    "1.2.840.10008.1.2.4.81": "image/jls",
    "1.2.840.10008.1.2.4.90": "image/jp2",
    "1.2.840.10008.1.2.4.91": "image/jp2",
    "1.2.840.10008.1.2.4.92": "image/jpx",
    "1.2.840.10008.1.2.4.93": "image/jpx",
    "1.2.840.10008.1.2.4.110": "image/jxl",
    "1.2.840.10008.1.2.4.111": "image/jxl",
    "1.2.840.10008.1.2.4.112": "image/jxl",
    "1.2.840.10008.1.2.4.201": "image/jphc",
    "1.2.840.10008.1.2.4.202": "image/jphc",
    "1.2.840.10008.1.2.4.203": "image/jphc",
    "1.2.840.10008.1.2.5": "image/dicom-rle",
}
_RLE: Final = "1.2.840.10008.1.2.5"
# What a media type means that is named without a transfer syntax, as far as it can be made here.
_DEFAULTS: Final = {
    "image/jls": "1.2.840.10008.1.2.4.80",
    "image/jp2": "1.2.840.10008.1.2.4.90",
    "image/dicom-rle": _RLE,
    # Of what can be made of any image, the one that takes least time.
    "image/*": "1.2.840.10008.1.2.4.80",
}
_BYTE: Final = 8


@dataclass(frozen=True, slots=True)
class FrameFormat:
    """How frames are given.

    Parameters
    ----------
    media_type
        Of one frame, without parameters.
    transfer_syntax
        What its bytes are encoded in.
    decoded
        True when frames are decoded for it.
    multipart
        True for one part a frame.
    encoded
        True when they are compressed again for it, in another way.
    """

    media_type: str
    transfer_syntax: str
    decoded: bool = False
    multipart: bool = False
    encoded: bool = False

    @property
    def content_type(self) -> str:
        """The media type with its transfer syntax."""
        return f"{self.media_type};transfer-syntax={self.transfer_syntax}"


def compressed_media_type(transfer_syntax_uid: str) -> str:
    """Give the media type of frames in a compressed transfer syntax."""
    return _COMPRESSED.get(transfer_syntax_uid, OCTETS)


def compressed_media_types() -> list[str]:
    """List the media types of frames in all compressed transfer syntaxes."""
    return list(dict.fromkeys(_COMPRESSED.values()))


def choose_format(ranges: Sequence[MediaRange], pixels: ImagePixels, count: int) -> FrameFormat:
    """Choose the first format that a client wants and that can be made.

    Parameters
    ----------
    ranges
        What the client accepts, the most wanted first.
    pixels
        The frames.
    count
        How many are asked for.

    Raises
    ------
    Problem
        406 when there is none.
    """
    for wanted in ranges:
        # One frame may be sent alone; `*/*` gets parts, as the standard has it for frames.
        multipart = wanted.multipart or wanted.wildcard
        chosen = _stored(wanted, pixels) or _native(wanted, pixels) or _compressed(wanted, pixels)
        if chosen is not None and (multipart or count == 1):
            return replace(chosen, multipart=multipart)
    raise not_acceptable("The frames cannot be had in any of the wanted media types and transfer syntaxes.")


def _stored(wanted: MediaRange, pixels: ImagePixels) -> FrameFormat | None:
    """Give compressed frames as they are stored, where the client takes that."""
    syntax = pixels.transfer_syntax_uid
    if not pixels.encapsulated:
        return None
    media_type = compressed_media_type(syntax)
    named = not wanted.wildcard and wanted.covers(media_type)
    if wanted.transfer_syntax == ANY_TRANSFER_SYNTAX and (named or wanted.covers(OCTETS)):
        return None if _is_awkward(pixels) else FrameFormat(media_type, syntax)
    if wanted.transfer_syntax == syntax and (named or wanted.covers(OCTETS)):
        return FrameFormat(media_type, syntax)
    if wanted.transfer_syntax is None and named and media_type != OCTETS:
        return FrameFormat(media_type, syntax)
    return None


def _native(wanted: MediaRange, pixels: ImagePixels) -> FrameFormat | None:
    """Give frames without compression, in little endian."""
    fits = wanted.transfer_syntax in {None, ANY_TRANSFER_SYNTAX, EXPLICIT_VR_LITTLE_ENDIAN}
    if not (fits and wanted.covers(OCTETS)):
        return None
    if not pixels.encapsulated:
        return FrameFormat(OCTETS, EXPLICIT_VR_LITTLE_ENDIAN)
    if pixels.transfer_syntax_uid not in NATIVE and can_decompress(pixels.transfer_syntax_uid):
        return FrameFormat(OCTETS, EXPLICIT_VR_LITTLE_ENDIAN, decoded=True)
    return None


def _compressed(wanted: MediaRange, pixels: ImagePixels) -> FrameFormat | None:
    """Compress frames without loss, where the client takes nothing else."""
    is_open = wanted.transfer_syntax in {None, ANY_TRANSFER_SYNTAX}
    syntax = _DEFAULTS.get(wanted.content, "") if is_open else wanted.transfer_syntax or ""
    media_type = compressed_media_type(syntax)
    if not (can_compress(syntax) and can_decompress(pixels.transfer_syntax_uid)):
        return None
    if not (wanted.covers(media_type) or wanted.covers(OCTETS)):
        return None
    return FrameFormat(media_type, syntax, decoded=True, encoded=True)


def _is_awkward(pixels: ImagePixels) -> bool:
    """Tell whether viewers draw the stored form wrongly: RLE of colours with more than eight bits."""
    return pixels.transfer_syntax_uid == _RLE and pixels.samples_per_pixel > 1 and pixels.bits_allocated > _BYTE
