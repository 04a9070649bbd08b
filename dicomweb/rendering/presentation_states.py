"""Softcopy Presentation States: the image they refer to, as they want it shown (PS3.4 Section N.2, PS3.3 A.33)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from archive.errors import NotFound
from archive.retrieve import StoredInstance
from dicomweb.ranges import Content, content_of
from dicomweb.rendering.annotation import lines_of
from dicomweb.rendering.attributes import (
    Display,
    display_of,
    first_table,
    first_value,
    items_of,
    number_of,
    read_header,
    values_of,
    window_of,
)
from dicomweb.rendering.encoding import MEDIA_TYPES, Finish, encode_picture
from dicomweb.rendering.graphics import Point, draw_annotations
from dicomweb.rendering.images import open_image
from dicomweb.rendering.parameters import RenderingParameters
from dicomweb.rendering.pictures import picture
from dicomweb.rendering.referenced import frame_of, images_of, uid_of
from dicomweb.rendering.shutters import shutter_mask
from dicomweb.services import Services

Header = Mapping[str, Any]
Array = np.ndarray[Any, Any]

_SERIES, _IMAGES = "00081115", "00081140"
_VOI, _VOI_LUT, _PRESENTATION_LUT, _MODALITY_LUT = "00283110", "00283010", "20500010", "00283000"
_ANNOTATIONS, _AREAS = "00700001", "0070005A"
_UPPER_LEFT, _LOWER_RIGHT = "00700052", "00700053"


class PresentationRendering:
    """Shows the image of a presentation state.

    Parameters
    ----------
    services
        What it works with.
    tenant
        Whose image.
    instance
        The presentation state.
    image_uid
        Which of the images that it refers to; none for the first that is here.
    """

    media_types: Sequence[str] = MEDIA_TYPES

    def __init__(self, services: Services, tenant: str, instance: StoredInstance, image_uid: str | None = None) -> None:
        self._services = services
        self._tenant = tenant
        self._instance = instance
        self._image_uid = image_uid

    def make(self, media_type: str, wanted: RenderingParameters) -> Content:
        """Make the picture.

        Raises
        ------
        NotFound
            None of the images is here.
        """
        state = read_header(self._services, self._instance)
        image, frame = self._image(state)
        source, header = open_image(self._services, image)
        decoded = source.decode(frame)
        display = presented(display_of(header, frame), state, image.sop_instance_uid)
        if decoded.photometric_interpretation == "MONOCHROME1":
            # The state alone decides what is bright (PS3.3 Section C.11.6.1.2).
            display = replace(display, inverse=not display.inverse)
        shades = _arranged(picture(decoded, source.pixels, display, wanted.window), state, image.sop_instance_uid)
        finish = Finish(lines=lines_of(header, wanted.annotation))
        return content_of(encode_picture(shades, media_type, wanted, finish), media_type)

    def _image(self, state: Header) -> tuple[StoredInstance, int]:
        references = {uid_of(item): item for group in items_of(state, _SERIES) for item in items_of(group, _IMAGES)}
        wanted = [self._image_uid] if self._image_uid in references else list(references)
        found = images_of(self._services, self._tenant, self._instance.study_instance_uid, wanted)
        uid = next((uid for uid in wanted if uid in found), None)
        if uid is None:
            raise NotFound("None of the images of this presentation state is here.")
        return found[uid], frame_of(references[uid])


def presented(display: Display, state: Header, image_uid: str) -> Display:
    """Give how an image is shown: what the state says takes the place of all that the image says."""
    voi = next(iter(_of_image(state, _VOI, image_uid)), {})
    return replace(
        display,
        slope=number_of(state, "00281053", 1.0) or 1.0,
        intercept=number_of(state, "00281052", 0.0) or 0.0,
        modality_lut=first_table(state, _MODALITY_LUT, signed=False),
        window=window_of(voi),
        voi_lut=first_table(voi, _VOI_LUT, signed=False),
        presentation_lut=first_table(state, _PRESENTATION_LUT, signed=False),
        inverse=first_value(state, "20500020") == "INVERSE",
    )


def _of_image(state: Header, tag: str, image_uid: str) -> list[Header]:
    """Give the items of a sequence that apply to an image: those that name it, and those that name none."""
    named = [(item, {uid_of(reference) for reference in items_of(item, _IMAGES)}) for item in items_of(state, tag)]
    return [item for item, uids in named if not uids or image_uid in uids]


def _arranged(shades: Array, state: Header, image_uid: str) -> Array:
    """Cover, cut, annotate and turn a picture (PS3.4 Section N.2.4)."""
    image = Image.fromarray(np.where(shutter_mask(state, shades), 0, shades).astype(np.uint8)).convert("RGB")
    box = _area(state, image_uid, image)

    def place(x: float, y: float, units: str) -> Point:
        if units == "DISPLAY":
            return box[0] + x * (box[2] - box[0]), box[1] + y * (box[3] - box[1])
        # The middle of the first pixel is 1\\1.
        return x - 0.5, y - 0.5

    draw_annotations(image, _of_image(state, _ANNOTATIONS, image_uid), place)
    image = image.crop(box)
    # Clockwise, and then mirrored (PS3.3 Section C.10.6).
    turns = int(number_of(state, "00700042", 0.0) or 0) // 90 % 4
    image = image.rotate(-90 * turns, expand=True) if turns else image
    return np.asarray(ImageOps.mirror(image) if first_value(state, "00700041") == "Y" else image)


def _area(state: Header, image_uid: str, image: Image.Image) -> tuple[int, int, int, int]:
    """Give the displayed area as left, upper, right and lower edge (PS3.3 Section C.10.4)."""
    item = next(iter(_of_image(state, _AREAS, image_uid)), {})
    corners = [*values_of(item, _UPPER_LEFT), *values_of(item, _LOWER_RIGHT)]
    if len(corners) != 4 or not all(isinstance(corner, int) for corner in corners):  # noqa: PLR2004 - two corners
        return 0, 0, image.width, image.height
    # Areas may be larger than the image, which is shown with black around it; so far around it nobody means.
    limit = 4 * max(image.width, image.height)
    left, upper, right, lower = (max(-limit, min(limit, corner)) for corner in corners)
    return (
        (left - 1, upper - 1, right, lower) if left <= right and upper <= lower else (0, 0, image.width, image.height)
    )
