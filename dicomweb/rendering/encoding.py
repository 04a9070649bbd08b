"""Pictures as files, in the size that is wanted: still ones, and moving ones as GIF (PS3.18 Table 8.7.4-1)."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import chain
from typing import Any, Final

import numpy as np
from PIL import Image, ImageOps

from dicomweb.problems import bad_request
from dicomweb.rendering.annotation import annotate
from dicomweb.rendering.parameters import RenderingParameters, Viewport
from dicomweb.rendering.png import encode_png

JPEG: Final = "image/jpeg"
PNG: Final = "image/png"
GIF: Final = "image/gif"
JPEG_2000: Final = "image/jp2"
MEDIA_TYPES: Final = (JPEG, PNG, GIF, JPEG_2000)
"""What pictures are given as; the first is the default."""
# PNG is lossless anyway; more effort costs more time than the network would.
_PNG_EFFORT: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish:
    """What is added to a picture.

    Parameters
    ----------
    lines
        Text to be written into it.
    profile
        The ICC profile that it is to carry.
    """

    lines: Sequence[str] = ()
    profile: bytes | None = None


PLAIN: Final = Finish()


def encode_picture(
    shades: "np.ndarray[Any, Any]", media_type: str, parameters: RenderingParameters, finish: Finish = PLAIN
) -> bytes:
    """Encode a picture.

    Parameters
    ----------
    shades
        Bytes: rows x columns, or rows x columns x 3.
    media_type
        One of `MEDIA_TYPES`.
    parameters
        Size, part and quality that are wanted.
    finish
        What is added.
    """
    return encode_image(finished(shades, parameters, finish), media_type, parameters.quality, finish.profile)


def encode_image(image: Image.Image, media_type: str, quality: int, profile: bytes | None = None) -> bytes:
    """Write an image to a file of a media type."""
    out = BytesIO()
    extra: dict[str, Any] = {} if profile is None else {"icc_profile": profile}
    match media_type:
        case "image/png" if profile is None and image.mode in {"L", "RGB"}:
            return encode_png(np.asarray(image))
        case "image/png":
            image.save(out, "PNG", compress_level=_PNG_EFFORT, **extra)
        case "image/gif":
            image.save(out, "GIF")
        case "image/jp2":
            # Lossless: whoever takes loss has JPEG.
            image.save(out, "JPEG2000", irreversible=False)
        case _:
            # Colour in full resolution: what is small and red in a picture may matter.
            image.save(out, "JPEG", quality=quality, subsampling=0, **extra)
    return out.getvalue()


def encode_animation(
    frames: Iterable["np.ndarray[Any, Any]"],
    milliseconds: float,
    parameters: RenderingParameters,
    finish: Finish = PLAIN,
) -> bytes:
    """Encode moving pictures as GIF that is shown without end.

    Parameters
    ----------
    frames
        As for `encode_picture`, one after the other.
    milliseconds
        Of each.
    """
    images = (_indexed(finished(shades, parameters, finish)) for shades in frames)
    first = next(images)
    out = BytesIO()
    # Times are in hundredths of a second, and viewers slow down what is shorter than two.
    duration = max(20, round(milliseconds / 10) * 10)
    rest = chain(images)
    first.save(out, "GIF", save_all=True, append_images=rest, duration=duration, loop=0, disposal=1, optimize=False)
    return out.getvalue()


def finished(shades: "np.ndarray[Any, Any]", parameters: RenderingParameters, finish: Finish = PLAIN) -> Image.Image:
    """Give a picture in the size that is wanted, with what is added to it."""
    image = Image.fromarray(np.ascontiguousarray(shades))
    if parameters.viewport is not None:
        image = _fit(_part(image, parameters.viewport), parameters.viewport)
    return annotate(image, finish.lines) if finish.lines else image


def _indexed(image: Image.Image) -> Image.Image:
    return image if image.mode == "L" else image.quantize(256, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)


def _part(image: Image.Image, viewport: Viewport) -> Image.Image:
    """Cut out the part that is wanted; negative sizes mirror it (PS3.18 Section 8.3.5.1.3)."""
    if viewport.source is None:
        return image
    left, top, width, height = viewport.source
    right = min(image.width, math.ceil(min(left + abs(width), image.width)))
    bottom = min(image.height, math.ceil(min(top + abs(height), image.height)))
    box = (max(0, math.floor(min(left, image.width))), max(0, math.floor(min(top, image.height))), right, bottom)
    if box[0] >= box[2] or box[1] >= box[3]:
        raise bad_request("The part in the query parameter viewport is outside the image.")
    part = image.crop(box)
    part = ImageOps.mirror(part) if width < 0 else part
    return ImageOps.flip(part) if height < 0 else part


def _fit(image: Image.Image, viewport: Viewport) -> Image.Image:
    """Scale to fill the viewport as far as the shape of the image allows."""
    scale = min(viewport.width / image.width, viewport.height / image.height)
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    return image if size == image.size else image.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
