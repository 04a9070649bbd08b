"""What the pictures are called that are made before anybody asks."""

from typing import Final

from dicomweb.rendering.encoding import JPEG
from dicomweb.rendering.parameters import RenderingParameters, Viewport

THUMBNAIL: Final = Viewport(128, 128)
"""The size in which lists of series show them."""
_PLAIN: Final = RenderingParameters()
_SMALL: Final = RenderingParameters(viewport=THUMBNAIL)


def prepared_name(key: str, number: int, media_type: str, wanted: RenderingParameters) -> str | None:
    """Name a picture, if it is one of those that are made before anybody asks.

    Parameters
    ----------
    key
        The blob of the image.
    number
        Of the frame, counted from 1.
    media_type, wanted
        As what it is given, and how.
    """
    if media_type != JPEG:
        return None
    if wanted == _PLAIN and number == 1:
        return key
    return f"{key} {number} {THUMBNAIL.width}" if wanted == _SMALL else None
