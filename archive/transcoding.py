"""Objects in another transfer syntax: decompressed, compressed, or with other headers (PS3.5 Sections 8.2 and A).

What is stored is never changed; this serves destinations that do not take it as it is. Pixels are kept bit for bit,
unless they were coded with loss, and what the pixel data is now is said by Photometric Interpretation and
Planar Configuration.
"""

import zlib
from collections.abc import Iterator
from io import BytesIO
from itertools import chain
from pathlib import Path
from typing import Final

from archive.compression import FrameEncoder, can_compress, compress_to
from archive.dataset_buffer import data_set_buffer
from archive.decoding import DecodedFrame, FrameDecoder, can_decode, shared_pool
from archive.element_stream import Token
from archive.encodings import EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN, UNDEFINED, encoding_of
from archive.errors import NotTranscodable
from archive.frames import count_frames
from archive.native_pixels import decoded_frames, description_of, pixels_of, write_frames, write_native_pixels
from archive.reencoding import OFFSET_TABLES, Reencoder, Write, little_endian

DEFLATED: Final = "1.2.840.10008.1.2.1.99"
EXPLICIT_VR_BIG_ENDIAN: Final = "1.2.840.10008.1.2.2"
NATIVE: Final = frozenset({IMPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN, DEFLATED, EXPLICIT_VR_BIG_ENDIAN})
"""Transfer syntaxes whose pixel data is not compressed."""
_TARGETS: Final = frozenset({IMPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN, DEFLATED})

_CHUNK: Final = 1 << 20


def can_decompress(transfer_syntax_uid: str) -> bool:
    """Tell whether pixel data in this transfer syntax can be given uncompressed."""
    return transfer_syntax_uid in NATIVE or can_decode(transfer_syntax_uid)


def can_transcode(source_syntax: str, target_syntax: str) -> bool:
    """Tell whether objects in one transfer syntax can be given in the other without compressing anything."""
    return source_syntax == target_syntax or (target_syntax in _TARGETS and can_decompress(source_syntax))


def can_convert(source_syntax: str, target_syntax: str) -> bool:
    """Tell whether objects in one transfer syntax can be given in the other; images may have to be compressed."""
    return can_transcode(source_syntax, target_syntax) or (
        can_compress(target_syntax) and can_decompress(source_syntax)
    )


def transcode(
    path: Path,
    data_offset: int,
    source_syntax: str,
    target_syntax: str,
    *,
    decoder: FrameDecoder | None = None,
    encoder: FrameEncoder | None = None,
) -> bytes:
    """Give a data set in another transfer syntax, in memory.

    Parameters
    ----------
    path, data_offset
        The blob and where the data set begins in it.
    source_syntax, target_syntax
        What it is stored in, and what is wanted.
    decoder
        Decodes compressed frames; the pool of this process by default.
    encoder
        Compresses frames, likewise.

    Raises
    ------
    NotTranscodable
        There is no way from one to the other, or the pixel data is broken.
    """
    out = BytesIO()
    transcode_to(out.write, path, data_offset, source_syntax, target_syntax, decoder=decoder, encoder=encoder)
    return out.getvalue()


def transcode_to(
    write: Write,
    path: Path,
    data_offset: int,
    source_syntax: str,
    target_syntax: str,
    *,
    decoder: FrameDecoder | None = None,
    encoder: FrameEncoder | None = None,
) -> None:
    """Write a data set in another transfer syntax, frame by frame, so that memory does not grow with its size."""
    if not can_convert(source_syntax, target_syntax):
        raise NotTranscodable(f"From {source_syntax} to {target_syntax} there is no way.")
    with data_set_buffer(path, data_offset, source_syntax) as buffer:
        decoder = decoder or shared_pool()
        if can_compress(target_syntax):
            compress_to(write, buffer, source_syntax, target_syntax, decoder=decoder, encoder=encoder or shared_pool())
        elif target_syntax == DEFLATED:
            deflating = _Deflating(write)
            _transcode(deflating.write, buffer, source_syntax, EXPLICIT_VR_LITTLE_ENDIAN, decoder)
            deflating.finish()
        else:
            _transcode(write, buffer, source_syntax, target_syntax, decoder)


class _Deflating:
    """Deflates what is written, to an even number of bytes (PS3.5 Section A.5)."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        self._count = 0

    def write(self, data: bytes | memoryview) -> None:
        self._put(self._deflater.compress(data))

    def finish(self) -> None:
        self._put(self._deflater.flush())
        if self._count % 2:
            self._put(b"\0")

    def _put(self, data: bytes) -> None:
        self._count += len(data)
        self._write(data)


def _transcode(write: Write, buffer: memoryview, source_syntax: str, target_syntax: str, decoder: FrameDecoder) -> None:
    target = little_endian(implicit=target_syntax == IMPLICIT_VR_LITTLE_ENDIAN)
    source = encoding_of(source_syntax)
    if source is target and source_syntax in NATIVE:
        _copy(write, buffer)
        return
    pixels = pixels_of(buffer, source_syntax)
    frames: Iterator[DecodedFrame] = iter(())
    replaced: dict[int, tuple[bytes, bytes]] = {}
    if pixels is not None and pixels.encapsulated:
        frames = decoded_frames(buffer, pixels, decoder)
        first = next(frames)
        frames = chain([first], frames)
        replaced = description_of(pixels, first)

    reencoder = Reencoder(buffer, source, target, write, replaced=replaced, dropped=OFFSET_TABLES)

    def write_pixels(token: Token) -> None:
        if token.length != UNDEFINED:
            write_native_pixels(reencoder, pixels, token)
        elif pixels is None:
            raise NotTranscodable("The pixel data is not described.")
        else:
            write_frames(reencoder, pixels, frames, count_frames(buffer, pixels))

    reencoder.run(write_pixels)


def _copy(write: Write, buffer: memoryview) -> None:
    for start in range(0, len(buffer), _CHUNK):
        write(buffer[start : start + _CHUNK])
