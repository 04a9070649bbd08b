"""Pictures as JPEG and PNG, in the size that is wanted."""

import math
from io import BytesIO
from typing import Any, Final

import numpy as np
from PIL import Image, ImageOps

from dicomweb.problems import bad_request
from dicomweb.rendering.parameters import RenderingParameters, Viewport

JPEG: Final = "image/jpeg"
PNG: Final = "image/png"
MEDIA_TYPES: Final = (JPEG, PNG)
"""What pictures are given as; the first is the default (PS3.18 Table 8.7.4-1)."""
# PNG is lossless anyway; more effort costs more time than the network would.
_PNG_EFFORT: Final = 1


def encode_picture(shades: "np.ndarray[Any, Any]", media_type: str, parameters: RenderingParameters) -> bytes:
    """Encode a picture.

    Parameters
    ----------
    shades
        Bytes: rows x columns, or rows x columns x 3.
    media_type
        One of `MEDIA_TYPES`.
    parameters
        Size, part and quality that are wanted.
    """
    image = Image.fromarray(np.ascontiguousarray(shades))
    if parameters.viewport is not None:
        image = _fit(_part(image, parameters.viewport), parameters.viewport)
    out = BytesIO()
    if media_type == PNG:
        image.save(out, "PNG", compress_level=_PNG_EFFORT)
    else:
        # Colour in full resolution: what is small and red in a picture may matter.
        image.save(out, "JPEG", quality=parameters.quality, subsampling=0)
    return out.getvalue()


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
