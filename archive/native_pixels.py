"""Pixel data without compression: as arrays, and as a native transfer syntax has it (PS3.5 Sections 8.1.1 and 8.2)."""

from collections.abc import Iterator
from mmap import mmap
from typing import Any, Final

import numpy as np

from archive.decoding import DecodedFrame, FrameDecoder
from archive.element_stream import Token
from archive.encodings import PIXEL_DATA, encoding_of
from archive.errors import NotFound, NotParsable, NotTranscodable
from archive.frames import count_frames, encapsulated_frame, index_frames, native_frame
from archive.pixels import ImagePixels, read_pixels
from archive.reencoding import Reencoder

_PHOTOMETRIC: Final = 0x00280004
_PLANAR: Final = 0x00280006
_MAX_LENGTH: Final = 0xFFFF_FFFE
_BYTE: Final = 8
_CHUNK: Final = 1 << 20
_COLOURS: Final = 3


def decode_frame(buffer: memoryview, pixels: ImagePixels, index: int, decoder: FrameDecoder) -> DecodedFrame:
    """Give one frame as an array, whatever it is stored as.

    Parameters
    ----------
    buffer
        The data set.
    pixels
        Its description.
    index
        Of the frame, from 0.
    decoder
        For compressed frames.

    Raises
    ------
    NotFound
        There is no such frame.
    NotTranscodable
        The pixel data is broken, or there is no decoder for it.
    """
    if pixels.encapsulated:
        return decode_compressed(pixels, encapsulated_frame(buffer, index_frames(buffer, pixels), index), decoder)
    return _native_array(_kept(little_endian_frame(buffer, pixels, index)), pixels)


def _kept(frame: memoryview | bytes) -> memoryview | bytes:
    """Copy what is a part of a mapped file, which an array must not hold on to."""
    return bytes(frame) if isinstance(frame, memoryview) and isinstance(frame.obj, mmap) else frame


def decode_compressed(pixels: ImagePixels, codestream: bytes, decoder: FrameDecoder) -> DecodedFrame:
    """Decode one compressed frame; samples that were stored with less resolution are as many as the others then."""
    frame = decoder.decode(pixels, codestream)
    if frame.photometric_interpretation == "YBR_FULL_422":
        return DecodedFrame(frame.samples, "YBR_FULL")
    return frame


def pixels_of(buffer: memoryview, transfer_syntax_uid: str) -> ImagePixels | None:
    """Read the description of pixel data; None where there is none, or nobody could make anything of it."""
    try:
        return read_pixels(buffer, transfer_syntax_uid)
    except (NotFound, NotParsable):
        return None


def decoded_frames(buffer: memoryview, pixels: ImagePixels, decoder: FrameDecoder) -> Iterator[DecodedFrame]:
    """Give all frames as arrays, one after the other."""
    if not pixels.encapsulated:
        for index in range(count_frames(buffer, pixels)):
            yield _native_array(bytes(little_endian_frame(buffer, pixels, index)), pixels)
        return
    frame_index = index_frames(buffer, pixels)
    for index in range(len(frame_index)):
        yield decode_compressed(pixels, encapsulated_frame(buffer, frame_index, index), decoder)


def little_endian_frame(buffer: memoryview, pixels: ImagePixels, index: int) -> memoryview | bytes:
    """Give one native frame as explicit VR little endian has it."""
    frame = native_frame(buffer, pixels, index)
    number_bytes = _number_bytes(pixels)
    if not encoding_of(pixels.transfer_syntax_uid).big_endian or number_bytes == 1:
        return frame
    if pixels.bits_allocated <= _BYTE:
        return _bytes_of_words(buffer, pixels, index * len(frame), len(frame))
    return np.frombuffer(frame, f">u{number_bytes}").astype(f"<u{number_bytes}").tobytes()


def _bytes_of_words(buffer: memoryview, pixels: ImagePixels, start: int, length: int) -> bytes:
    """Give bytes that stand in big endian words, which a frame of odd length divides."""
    first, end = start - start % 2, start + length + (start + length) % 2
    words = np.frombuffer(buffer[pixels.position + first : pixels.position + end], ">u2")
    return words.astype("<u2").tobytes()[start - first : start - first + length]


def description_of(pixels: ImagePixels, frame: DecodedFrame) -> dict[int, tuple[bytes, bytes]]:
    """Give what the description of decoded pixel data says otherwise than that of the compressed one."""
    text = frame.photometric_interpretation.encode("ascii")
    replaced = {_PHOTOMETRIC: (b"CS", text + b" " * (len(text) % 2))}
    if pixels.samples_per_pixel > 1:
        replaced[_PLANAR] = (b"US", b"\0\0")
    return replaced


def write_frames(reencoder: Reencoder, pixels: ImagePixels, frames: Iterator[DecodedFrame], count: int) -> None:
    """Write decoded frames as native pixel data, one after the other.

    Raises
    ------
    NotTranscodable
        The frames differ in kind, or are more than one element can hold.
    """
    frame_bytes = pixels.samples_per_frame * pixels.bits_allocated // _BYTE
    length = count * frame_bytes
    padding = length % 2
    if length > _MAX_LENGTH:
        raise NotTranscodable("Without compression the pixel data is longer than an element can be.")
    vr = b"OB" if pixels.bits_allocated <= _BYTE else b"OW"
    reencoder.write(reencoder.header(PIXEL_DATA, vr, length + padding))
    kind: str | None = None
    for frame in frames:
        if frame.samples.nbytes != frame_bytes or frame.photometric_interpretation != (
            kind or frame.photometric_interpretation
        ):
            raise NotTranscodable("The frames of the pixel data are not of one kind.")
        kind = frame.photometric_interpretation
        reencoder.write(frame.samples.tobytes())
    reencoder.write(b"\0" * padding)


def write_native_pixels(reencoder: Reencoder, pixels: ImagePixels | None, token: Token) -> None:
    """Write native pixel data, in the byte order of the target."""
    wide = pixels is None or pixels.bits_allocated > _BYTE
    vr = token.vr or (b"OW" if wide else b"OB")
    number_bytes = 1 if pixels is None else _number_bytes(pixels)
    reencoder.write(reencoder.header(PIXEL_DATA, vr, token.length))
    value = reencoder.value(token)
    for start in range(0, len(value), _CHUNK):
        reencoder.write(reencoder.reordered(value[start : start + _CHUNK], number_bytes))


def _number_bytes(pixels: ImagePixels) -> int:
    """Give the bytes that byte order exchanges: of a sample, or of a word for bytes in OW (PS3.5 Section 8.1.1)."""
    if pixels.bits_allocated > _BYTE:
        return pixels.bits_allocated // _BYTE
    return 2 if pixels.vr == b"OW" else 1


def _native_array(frame: memoryview | bytes, pixels: ImagePixels) -> DecodedFrame:
    if pixels.bits_allocated == 1:
        bits = np.unpackbits(np.frombuffer(frame, np.uint8), bitorder="little")[: pixels.samples_per_frame]
        return DecodedFrame(bits.reshape(pixels.rows, pixels.columns), pixels.photometric_interpretation)
    if pixels.photometric_interpretation == "YBR_FULL_422":
        return DecodedFrame(_full_resolution(frame, pixels), "YBR_FULL")
    samples = np.frombuffer(frame, _dtype(pixels))
    shape: tuple[int, ...] = (pixels.rows, pixels.columns)
    if pixels.samples_per_pixel > 1 and pixels.planar_configuration == 1:
        planes = samples.reshape(pixels.samples_per_pixel, *shape)
        return DecodedFrame(planes.transpose(1, 2, 0), pixels.photometric_interpretation)
    if pixels.samples_per_pixel > 1:
        shape = (*shape, pixels.samples_per_pixel)
    return DecodedFrame(samples.reshape(shape), pixels.photometric_interpretation)


def _dtype(pixels: ImagePixels) -> str:
    kind = "f" if pixels.real else "i" if pixels.pixel_representation else "u"
    return f"<{kind}{pixels.bits_allocated // _BYTE}"


def _full_resolution(frame: memoryview | bytes, pixels: ImagePixels) -> "np.ndarray[Any, Any]":
    """Repeat the chrominance samples that two pixels share: Y1 Y2 Cb Cr (PS3.3 Section C.7.6.3.1.2)."""
    if pixels.bits_allocated != _BYTE or pixels.columns % 2 or pixels.samples_per_pixel != _COLOURS:
        raise NotTranscodable("Subsampled colour of this form is not known.")
    pairs = np.frombuffer(frame, np.uint8).reshape(-1, 4)
    full = np.empty((len(pairs) * 2, _COLOURS), np.uint8)
    full[:, 0] = pairs[:, :2].reshape(-1)
    full[:, 1] = np.repeat(pairs[:, 2], 2)
    full[:, 2] = np.repeat(pairs[:, 3], 2)
    return full.reshape(pixels.rows, pixels.columns, _COLOURS)
