"""Colour profiles of pictures: none, the image's own, or sRGB (PS3.18 Section 8.3.5.1.5, PS3.3 Section C.11.15)."""

import base64
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import numpy as np
from PIL import ImageCms

from archive.decoding import PixelWorker
from dicomweb.rendering.attributes import items_of
from dicomweb.rendering.parameters import ColourProfile

Array = np.ndarray[Any, Any]

_PROFILE, _OPTICAL_PATHS = "00282000", "00480105"
_COLOURS: Final = 3


def coloured(
    shades: Array, header: Mapping[str, Any], wanted: ColourProfile | None, worker: PixelWorker
) -> tuple[Array, bytes | None]:
    """Give a picture in the colours that are wanted, and the profile that it is to carry.

    Parameters
    ----------
    shades
        Bytes: rows x columns, or rows x columns x 3. Grey ones stay as they are.
    header
        The data set, which may have a profile, or one for each optical path.
    wanted
        Value of `iccprofile`.
    worker
        Converts in a limited process: a profile comes with the object, and is no more to be trusted than its pixels.
    """
    if shades.ndim != _COLOURS or wanted in {None, ColourProfile.NONE}:
        return shades, None
    own = _profile_of(header)
    if wanted is ColourProfile.OWN or own is None:
        # Colours of images that do not say what they are are taken for those of the web.
        return shades, own or _srgb()
    return worker.to_srgb(shades, own), _srgb()


def _profile_of(header: Mapping[str, Any]) -> bytes | None:
    for holder in (header, *items_of(header, _OPTICAL_PATHS)[:1]):
        text = holder.get(_PROFILE, {}).get("InlineBinary")
        if text:
            return base64.b64decode(text)
    return None


@cache
def _srgb() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
