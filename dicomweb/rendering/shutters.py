"""Display shutters: what of an image is covered (PS3.3 Section C.7.6.11)."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from dicomweb.rendering.attributes import values_of

Array = np.ndarray[Any, Any]

_SHAPES = "00181600"
_EDGES = ("00181602", "00181604", "00181606", "00181608")  # left, right, upper, lower
_CENTER, _RADIUS, _VERTICES = "00181610", "00181612", "00181620"


def shutter_mask(header: Mapping[str, Any], shades: Array) -> Array:
    """Tell for each pixel whether it is covered.

    Parameters
    ----------
    header
        A data set that may have shutters: rectangular, circular, polygonal, or several, of which all leave free what
        is seen.
    shades
        The picture, for its size.

    Returns
    -------
    array of bool
        Rows x columns, or rows x columns x 1 for colour; True where the picture is covered.
    """
    rows, columns = shades.shape[:2]
    free = np.ones((rows, columns), bool)
    shapes = values_of(header, _SHAPES)
    # Rows and columns are counted from 1.
    y, x = np.ogrid[1 : rows + 1, 1 : columns + 1]
    if "RECTANGULAR" in shapes:
        edges = [number for tag in _EDGES for number in _numbers(header, tag)[:1]]
        if len(edges) == len(_EDGES):
            left, right, upper, lower = edges
            free &= (x > left) & (x < right) & (y > upper) & (y < lower)
    if "CIRCULAR" in shapes:
        center, radius = _numbers(header, _CENTER), _numbers(header, _RADIUS)
        if len(center) == 2 and radius:  # noqa: PLR2004 - row and column
            free &= (y - center[0]) ** 2 + (x - center[1]) ** 2 <= radius[0] ** 2
    if "POLYGONAL" in shapes:
        free &= _polygon(_numbers(header, _VERTICES), rows, columns)
    return ~free if shades.ndim == free.ndim else ~free[..., None]


def _polygon(numbers: list[float], rows: int, columns: int) -> Array:
    vertices = [(column - 1, row - 1) for row, column in zip(numbers[::2], numbers[1::2], strict=False)]
    area = Image.new("1", (columns, rows), len(vertices) < 3)  # noqa: PLR2004 - fewer enclose nothing
    if len(vertices) > 2:  # noqa: PLR2004 - as above
        ImageDraw.Draw(area).polygon(vertices, fill=1)
    return np.asarray(area, bool)


def _numbers(header: Mapping[str, Any], tag: str) -> list[float]:
    return [float(value) for value in values_of(header, tag) if isinstance(value, int | float)]
