"""Pixel data from bulk data: in which transfer syntax it is, and how it is written (PS3.18 Section 8.7.3.3)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from archive.encodings import (
    EXPLICIT_VR_BIG_ENDIAN,
    EXPLICIT_VR_LITTLE_ENDIAN,
    ITEM,
    PIXEL_DATA,
    SEQUENCE_END,
    UNDEFINED,
)
from archive.errors import TransferSyntaxNotSupported
from archive.reencoding import delimiter, explicit_header
from archive.storage_classes import is_storage_syntax
from archive.transcoding import DEFLATED, NATIVE
from dicomweb.frame_formats import OCTETS, compressed_media_type
from dicomweb.stow_bulk import BulkPart
from dicomweb.stow_codestreams import Codestream
from dicomweb.stow_pieces import Span

Write = Callable[[bytes], object]
Read = Callable[[Span], Iterator[bytes]]

_MPEG2, _MP4, _H265 = "video/mpeg", "video/mp4", "video/h265"
_ROOT: Final = "1.2.840.10008.1.2.4."
# Video is one stream: all of its frames are in one part.
_VIDEO: Final = {
    **{_ROOT + number: _MPEG2 for number in ("100", "100.1", "101", "101.1")},
    **{
        _ROOT + number: _MP4
        for number in ("102", "102.1", "103", "103.1", "104", "104.1", "105", "105.1", "106", "106.1")
    },
    **{_ROOT + number: _H265 for number in ("107", "108")},
}
# As earlier editions had them.
_ALIASES: Final = {"image/x-dicom-rle": "image/dicom-rle", "image/x-jls": "image/jls", "video/mpeg2": _MPEG2}
# What a media type stands for when nothing says which transfer syntax it is (PS3.18 Table 8.7.3-5).
_DEFAULTS: Final = {
    "image/jpeg": f"{_ROOT}70",
    "image/jls": f"{_ROOT}80",
    "image/jp2": f"{_ROOT}90",
    "image/jpx": f"{_ROOT}92",
    "image/jphc": f"{_ROOT}201",
    "image/jxl": f"{_ROOT}110",
    "image/dicom-rle": "1.2.840.10008.1.2.5",
    _MPEG2: f"{_ROOT}100",
    _MP4: f"{_ROOT}102",
    _H265: f"{_ROOT}107",
}
# Bulk data is little endian, and not deflated (PS3.18 Section 8.7.3.3.1).
_NOT_FOR_BULK_DATA: Final = frozenset({EXPLICIT_VR_BIG_ENDIAN, DEFLATED})
_LARGEST_FRAGMENT: Final = 1 << 31
_MOST_OFFSET: Final = 0xFFFF_FFFF
_ITEM_HEADER: Final = 8


@dataclass(frozen=True, slots=True)
class PixelParts:
    """The pixel data of an object.

    Parameters
    ----------
    transfer_syntax
        Of the object.
    spans
        Its frames, or all of them in one.
    """

    transfer_syntax: str
    spans: Sequence[Span]

    @property
    def encapsulated(self) -> bool:
        """True for compressed frames."""
        return self.transfer_syntax not in NATIVE

    @property
    def is_video(self) -> bool:
        """True when one stream has all frames."""
        return self.transfer_syntax in _VIDEO


def syntax_of(part: BulkPart, said: Sequence[str], codestream: Codestream | None) -> str:
    """Give the transfer syntax of an object with this part as its pixel data.

    Parameters
    ----------
    part
        The first of the pixel data.
    said
        What the metadata says of it.
    codestream
        What the part itself says.

    Raises
    ------
    TransferSyntaxNotSupported
        It is none that objects can be in, or that this media type can have.
    """
    media_type = _ALIASES.get(part.media_type, part.media_type)
    if part.transfer_syntax:
        return _named(part.transfer_syntax, media_type)
    if media_type == OCTETS:
        return EXPLICIT_VR_LITTLE_ENDIAN
    known = [*said, codestream.transfer_syntax] if codestream else said
    fitting = [syntax for syntax in known if _media_type(syntax) == media_type]
    default = _DEFAULTS.get(media_type)
    if default is None:
        raise TransferSyntaxNotSupported("Pixel data is not taken in this media type.")
    return next(iter(fitting), default)


def write_encapsulated(write: Write, read: Read, spans: Sequence[Span]) -> None:
    """Write frames as encapsulated pixel data, one fragment each (PS3.5 Section A.4)."""
    write(explicit_header(PIXEL_DATA, b"OB", UNDEFINED))
    table = _offset_table(spans)
    write(delimiter(ITEM, len(table)) + table)
    for span in spans:
        for start in range(span.start, sum(span), _LARGEST_FRAGMENT):
            size = min(_LARGEST_FRAGMENT, sum(span) - start)
            write(delimiter(ITEM, size + size % 2))
            for chunk in read(Span(start, size)):
                write(chunk)
            write(b"\0" * (size % 2))
    write(delimiter(SEQUENCE_END))


def _named(syntax: str, media_type: str) -> str:
    if not is_storage_syntax(syntax) or syntax in _NOT_FOR_BULK_DATA:
        raise TransferSyntaxNotSupported
    if media_type not in {OCTETS, _media_type(syntax)}:
        raise TransferSyntaxNotSupported("The media type does not have this transfer syntax.")
    return EXPLICIT_VR_LITTLE_ENDIAN if syntax in NATIVE else syntax


def _media_type(syntax: str) -> str:
    return _VIDEO.get(syntax) or compressed_media_type(syntax)


def _offset_table(spans: Sequence[Span]) -> bytes:
    """Give the Basic Offset Table; it is empty for one frame, and where offsets would not fit."""
    offsets, offset = [], 0
    for span in spans:
        offsets.append(offset)
        offset += _ITEM_HEADER + span.size + span.size % 2
    if len(spans) < 2 or offsets[-1] > _MOST_OFFSET or max(span.size for span in spans) > _LARGEST_FRAGMENT:  # noqa: PLR2004
        return b""
    return b"".join(offset.to_bytes(4, "little") for offset in offsets)
