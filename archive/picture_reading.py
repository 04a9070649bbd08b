"""PNG and GIF as samples: what no transfer syntax has (PS3.18 Table 10.5.2-1). For the decoding child process only."""

from io import BytesIO
from typing import Any, Final

import numpy as np
from PIL import Image, ImageSequence

Array = np.ndarray[Any, Any]

_FORMATS: Final = ("PNG", "GIF")
_COLOURS: Final = 3
# Of the header of PNG: bits of a sample, and whether it has colour or opacity.
_PNG_START: Final = b"\x89PNG\r\n\x1a\n"
_HEADER, _DEPTH, _KIND = slice(12, 16), 24, 25
_WIDE: Final = 16
_GREY: Final = 0
_SIXTEEN_BITS: Final = frozenset({"I", "I;16", "I;16L", "I;16B", "I;16N"})


def read_picture(content: bytes, samples_per_pixel: int | None) -> Array:
    """Read all frames of a picture.

    Parameters
    ----------
    content
        A PNG or GIF file.
    samples_per_pixel
        As it is wanted, 1 or 3, where that can be without loss; as it is when left out.

    Returns
    -------
    array
        Frames x rows x columns of grey, of one or two bytes, or frames x rows x columns x 3 bytes of RGB. What is said
        of opacity is left out.

    Raises
    ------
    ValueError
        It cannot be read without loss.
    """
    if content.startswith(_PNG_START):
        if content[_HEADER] != b"IHDR":
            raise ValueError("no header at the beginning")
        if content[_DEPTH] == _WIDE and content[_KIND] != _GREY:
            raise ValueError("colour of 16 bits")
    with Image.open(BytesIO(content), formats=_FORMATS) as picture:
        frames = [_samples(frame) for frame in ImageSequence.Iterator(picture)]
        # Of a table of colours nobody can tell whether grey ones are meant as colours.
        may_be_grey = picture.format == "GIF" or picture.mode == "P"
    colour = [frame for frame in frames if frame.ndim == _COLOURS]
    if colour and samples_per_pixel != _COLOURS and may_be_grey and all(map(_is_grey, colour)):
        frames = [frame[..., 0] if frame.ndim == _COLOURS else frame for frame in frames]
    elif colour or samples_per_pixel == _COLOURS:
        frames = [frame if frame.ndim == _COLOURS else np.repeat(frame[..., None], _COLOURS, 2) for frame in frames]
    return np.stack(frames)


def _samples(frame: Image.Image) -> Array:
    if frame.mode in _SIXTEEN_BITS:
        return np.asarray(frame).astype(np.uint16)
    if frame.mode in {"1", "L", "LA"}:
        return np.asarray(frame.convert("L"))
    return np.asarray(frame.convert("RGB"))


def _is_grey(frame: Array) -> bool:
    return bool((frame[..., 0] == frame[..., 1]).all() and (frame[..., 0] == frame[..., 2]).all())
