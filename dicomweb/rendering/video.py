"""Moving pictures as video: MP4 with H.264, which every browser plays (PS3.18 Section 8.7.4)."""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any, Final

import numpy as np

from archive.errors import NotTranscodable
from dicomweb.problems import not_acceptable
from dicomweb.rendering.bounds import VIDEO
from dicomweb.rendering.encoding import PLAIN, Finish, finished
from dicomweb.rendering.parameters import RenderingParameters
from dicomweb.rendering.video_process import encode_mp4

Array = np.ndarray[Any, Any]

MP4: Final = "video/mp4"
# What decoders in browsers take at most.
_LONGEST_SIDE: Final = 4096
_SLOWEST, _FASTEST = Fraction(1, 10), Fraction(120)
# 30000/1001 frames a second is what television has.
_FINEST_RATE: Final = 1001


def encode_video(
    frames: Iterable[Array], count: int, rate: Fraction, parameters: RenderingParameters, finish: Finish = PLAIN
) -> bytes:
    """Encode moving pictures as an MP4 file.

    Parameters
    ----------
    frames
        Bytes: rows x columns, or rows x columns x 3, one after the other.
    count
        How many there are.
    rate
        Frames a second.
    parameters
        Size, part and quality that are wanted.
    finish
        What is added to each.

    Raises
    ------
    Problem
        406 when they are too large.
    NotTranscodable
        Encoding them takes too much memory or time.
    """
    pictures = (_even(np.asarray(finished(shades, parameters, finish))) for shades in frames)
    return encode_mp4(_bounded(pictures), count, rate, _crf(parameters.quality))


def rate_of(milliseconds: float) -> Fraction:
    """Give the rate of frames of some duration, as far as players take it."""
    rate = Fraction(1000 / milliseconds).limit_denominator(_FINEST_RATE)
    return min(_FASTEST, max(_SLOWEST, rate))


def _bounded(pictures: Iterable[Array]) -> Iterator[Array]:
    """Pass pictures on as long as they are not too many, whatever was said of their number."""
    pixels = 0
    for number, picture in enumerate(pictures):
        pixels += picture.shape[0] * picture.shape[1]
        if max(picture.shape) > _LONGEST_SIDE:
            raise not_acceptable(f"A video has {_LONGEST_SIDE} pixels a side at most; ask for a smaller viewport.")
        if number >= VIDEO.frames or pixels > VIDEO.pixels:
            raise NotTranscodable("All frames together are too much for one video.")
        yield picture


def _even(picture: Array) -> Array:
    """Repeat the last row and column where their number is odd: two by two pixels share a colour."""
    rows, columns = picture.shape[:2]
    if rows % 2 == columns % 2 == 0:
        return picture
    return np.pad(picture, [(0, rows % 2), (0, columns % 2), *[(0, 0)] * (picture.ndim - 2)], mode="edge")


def _crf(quality: int) -> float:
    """Give the loss for x264: nothing that is seen at the default of 90, more and more below."""
    return 40 - quality / 4
