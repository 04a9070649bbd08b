"""Graphic and text annotation of presentation states, drawn on the picture (PS3.3 Section C.10.5)."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import numpy as np
from PIL import Image, ImageDraw

from dicomweb.rendering.attributes import first_value, items_of, values_of

Point = tuple[float, float]
Place = Callable[[float, float, str], Point]

_INK: Final = (255, 220, 0)
_EDGE: Final = (0, 0, 0)
_TEXT_OBJECTS, _GRAPHIC_OBJECTS = "00700008", "00700009"
_GRAPHIC_UNITS, _BOX_UNITS, _ANCHOR_UNITS = "00700005", "00700003", "00700004"
_SMALL: Final = 3.0


def draw_annotations(image: Image.Image, annotations: Iterable[Mapping[str, Any]], place: Place) -> None:
    """Draw the items of Graphic Annotation Sequences.

    Parameters
    ----------
    image
        In colour.
    annotations
        The items that apply to it.
    place
        Brings column, row and their units to the pixels of the picture.
    """
    draw = ImageDraw.Draw(image)
    for annotation in annotations:
        for graphic in items_of(annotation, _GRAPHIC_OBJECTS):
            _draw_graphic(draw, graphic, place)
        for text in items_of(annotation, _TEXT_OBJECTS):
            _draw_text(draw, text, place)


def _draw_graphic(draw: ImageDraw.ImageDraw, graphic: Mapping[str, Any], place: Place) -> None:
    units = str(first_value(graphic, _GRAPHIC_UNITS))
    points = [place(x, y, units) for x, y in _pairs(graphic, "00700022")]
    filled = _INK if first_value(graphic, "00700024") == "Y" else None
    match first_value(graphic, "00700023"):
        case "POINT" if points:
            _draw_ring(draw, points[0], _SMALL)
        case "POLYLINE" | "INTERPOLATED" if len(points) > 1:
            if filled and points[0] == points[-1]:
                draw.polygon(points, fill=filled)
            draw.line(points, fill=_INK, width=2)
        case "CIRCLE" if len(points) > 1:
            _draw_ring(draw, points[0], float(np.hypot(*np.subtract(points[1], points[0]))))
        case "ELLIPSE" if len(points) == 4:  # noqa: PLR2004 - both ends of both axes
            draw.line(_ellipse(*points), fill=_INK, width=2)


def _draw_text(draw: ImageDraw.ImageDraw, text: Mapping[str, Any], place: Place) -> None:
    anchors = [place(x, y, str(first_value(text, _ANCHOR_UNITS))) for x, y in _pairs(text, "00700014")]
    boxes = [place(x, y, str(first_value(text, _BOX_UNITS))) for x, y in _pairs(text, "00700010")]
    where = boxes or anchors
    if not where:
        return
    if anchors and boxes and first_value(text, "00700015") == "Y":
        draw.line([anchors[0], boxes[0]], fill=_INK, width=1)
    lines = str(first_value(text, "00700006") or "").replace("\r\n", "\n").replace("\r", "\n")
    draw.multiline_text(where[0], lines, fill=_INK, stroke_width=1, stroke_fill=_EDGE)


def _draw_ring(draw: ImageDraw.ImageDraw, center: Point, radius: float) -> None:
    x, y = center
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), outline=_INK, width=2)


def _ellipse(first: Point, second: Point, third: Point, fourth: Point) -> list[Point]:
    """Give the outline of an ellipse by the ends of its axes."""
    ends = np.asarray([first, second, third, fourth])
    center, major, minor = ends[:2].mean(axis=0), (ends[1] - ends[0]) / 2, (ends[3] - ends[2]) / 2
    angles = np.linspace(0, 2 * np.pi, 73)[:, None]
    return [(float(x), float(y)) for x, y in center + np.cos(angles) * major + np.sin(angles) * minor]


def _pairs(item: Mapping[str, Any], tag: str) -> list[Point]:
    numbers = [float(value) for value in values_of(item, tag) if isinstance(value, int | float)]
    return list(zip(numbers[::2], numbers[1::2], strict=False))
