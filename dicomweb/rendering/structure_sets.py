"""RT Structure Sets: the contours of one slice over its image, or a table of all structures (PS3.3 Section A.19)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from PIL import Image, ImageDraw

from archive.errors import NodeError
from archive.retrieve import StoredInstance
from dicomweb.problems import not_acceptable
from dicomweb.ranges import Content, content_of
from dicomweb.rendering.annotation import lines_of, person_names
from dicomweb.rendering.attributes import display_of, first_value, read_header, values_of
from dicomweb.rendering.contours import Contour, Structure, fullest_plane, structures_of
from dicomweb.rendering.encoding import MEDIA_TYPES, Finish, encode_picture
from dicomweb.rendering.images import open_image
from dicomweb.rendering.pages import HTML, PLAIN, html_facts, html_table, page, plain_facts, text_content
from dicomweb.rendering.parameters import RenderingParameters
from dicomweb.rendering.pictures import picture
from dicomweb.rendering.referenced import images_of
from dicomweb.services import Services

Array = np.ndarray[Any, Any]

_MOST_BYTES: Final = 64 << 20
_CANVAS, _MARGIN = 512, 32
_TEXTS: Final = (HTML, PLAIN)
_HEAD: Final = ("Number", "Structure", "Type", "Contours", "Points", "Slices")


class StructureRendering:
    """Shows a structure set.

    Parameters
    ----------
    services
        What it works with.
    tenant
        Whose images may be shown under the contours.
    instance
        The structure set.
    """

    media_types: Sequence[str] = (*MEDIA_TYPES, *_TEXTS)

    def __init__(self, services: Services, tenant: str, instance: StoredInstance) -> None:
        self._services = services
        self._tenant = tenant
        self._instance = instance

    def make(self, media_type: str, wanted: RenderingParameters) -> Content:
        """Draw the slice in which most structures are seen, or list all of them."""
        if self._instance.size > _MOST_BYTES:
            raise not_acceptable("A structure set of this size is not rendered.")
        header = read_header(self._services, self._instance)
        structures = structures_of(header)
        if media_type in _TEXTS:
            return text_content(_text(header, structures, media_type), media_type)
        shades = self._drawn(structures, wanted)
        finish = Finish(lines=lines_of(header, wanted.annotation))
        return content_of(encode_picture(shades, media_type, wanted, finish), media_type)

    def _drawn(self, structures: list[Structure], wanted: RenderingParameters) -> Array:
        uids = {contour.image_uid for structure in structures for contour in structure.contours if contour.image_uid}
        images = images_of(self._services, self._tenant, self._instance.study_instance_uid, uids)
        plane = fullest_plane(structures, images)
        if plane is not None:
            under = self._image(images[plane], wanted)
            if under is not None:
                return _over(*under, _in_plane(structures, plane))
        plane = fullest_plane(structures)
        if plane is None:
            raise not_acceptable("There are no contours to draw; text/html lists the structures.")
        return _alone(_in_plane(structures, plane))

    def _image(self, image: StoredInstance, wanted: RenderingParameters) -> tuple[Array, Mapping[str, Any]] | None:
        """Give the picture of the image under the contours and its data set; none when it cannot be shown."""
        try:
            source, header = open_image(self._services, image)
            return picture(source.decode(1), source.pixels, display_of(header, 1), wanted.window), header
        except NodeError:
            return None


def _in_plane(structures: Iterable[Structure], plane: str) -> list[tuple[Structure, Contour]]:
    return [(one, contour) for one in structures for contour in one.contours if contour.plane == plane]


def _over(shades: Array, header: Mapping[str, Any], drawn: Sequence[tuple[Structure, Contour]]) -> Array:
    """Draw contours on the image they belong to (PS3.3 Section C.7.6.2.1.1)."""
    origin, orientation, spacing = (
        np.asarray([float(value) for value in values_of(header, tag) if value is not None])
        for tag in ("00200032", "00200037", "00280030")
    )
    if (origin.size, orientation.size, spacing.size) != (3, 6, 2) or not spacing.all():
        return _alone(drawn)

    def place(points: Array) -> Array:
        relative = points - origin
        return np.stack([relative @ orientation[:3] / spacing[1], relative @ orientation[3:] / spacing[0]], axis=-1)

    return _draw(
        Image.fromarray(shades).convert("RGB"), [(one, contour, place(contour.points)) for one, contour in drawn]
    )


def _alone(drawn: Sequence[tuple[Structure, Contour]]) -> Array:
    """Draw contours on black, as large as they fit."""
    points = np.concatenate([contour.points[:, :2] for _, contour in drawn])
    low, extent = points.min(axis=0), float(np.ptp(points, axis=0).max()) or 1.0
    scale = (_CANVAS - 2 * _MARGIN) / extent
    placed = [(one, contour, (contour.points[:, :2] - low) * scale + _MARGIN) for one, contour in drawn]
    return _draw(Image.new("RGB", (_CANVAS, _CANVAS)), placed)


def _draw(image: Image.Image, placed: Sequence[tuple[Structure, Contour, Array]]) -> Array:
    draw = ImageDraw.Draw(image)
    for structure, contour, points in placed:
        corners = [(float(x), float(y)) for x, y in points]
        if len(corners) > 1:
            draw.line([*corners, corners[0]] if contour.closed else corners, fill=structure.colour, width=2)
    names = {structure.name: structure.colour for structure, _, _ in placed}
    for number, (name, colour) in enumerate(names.items()):
        draw.text(
            (4, image.height - 14 * (len(names) - number)), name, fill=colour, stroke_width=1, stroke_fill=(0, 0, 0)
        )
    return np.asarray(image)


def _text(header: Mapping[str, Any], structures: Sequence[Structure], media_type: str) -> str:
    title = str(first_value(header, "30060002") or "Structure set")
    facts = [
        ("Patient", person_names(header, "00100010")),
        ("Patient ID", str(first_value(header, "00100020") or "")),
        ("Date", str(first_value(header, "30060008") or "")),
    ]
    rows = [_row(structure) for structure in structures]
    if media_type == PLAIN:
        return f"{title}\n\n{plain_facts(facts)}\n" + "".join("\t".join(row) + "\n" for row in (_HEAD, *rows))
    return page(title, html_facts(facts) + html_table(_HEAD, rows))


def _row(structure: Structure) -> tuple[str, ...]:
    points = sum(len(contour.points) for contour in structure.contours)
    planes = len({contour.plane for contour in structure.contours})
    counts = (str(count) for count in (len(structure.contours), points, planes))
    return str(structure.number), structure.name, structure.kind, *counts
