"""Whether regions and masks of a typed result lie on the images of the series."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from analysis.findings import Mask, Region, Shape, Space
from analysis.geometry import Points
from analysis.series import SeriesInput, Slice

# Explicit VR writes the length of Graphic Data (FL) in 16 bits (PS3.5 7.1.2).
_LONGEST_GRAPHIC: Final = 0xFFFF // 4
_FEWEST: Final = {Shape.POINT: 1, Shape.POLYLINE: 2, Shape.POLYGON: 3, Shape.CIRCLE: 2}
_MOST: Final = {Shape.POINT: 1, Shape.CIRCLE: 2}
# A report in another SR class finds the image of a region by this distance.
_NEAR_MM: Final = 0.1


def region_faults(region: object, series: SeriesInput) -> Iterator[str]:
    """Name what keeps a region from being drawn on its image."""
    if not isinstance(region, Region):
        yield f"region is {type(region).__name__} instead of a Region"
        return
    kinds: tuple[object, object] = (region.shape, region.space)
    if not isinstance(kinds[0], Shape) or not isinstance(kinds[1], Space):
        yield "shape and space of a region are of the types Shape and Space"
        return
    points = _points(region)
    if points is None:
        yield "points of a region are not finite numbers, two each in pixels and three each in patient space"
        return
    yield from _shape_faults(region.shape, points)
    slices = [item for item in series.slices if item.sop_instance_uid == region.sop_instance_uid]
    named = [item for item in slices if region.frame_number is None or _frame(item) == region.frame_number]
    if not named:
        yield "the region lies on an image that is not in the series"
    elif len(named) > 1:
        yield f"the region lies on an image of {len(named)} frames and names none"
    else:
        yield from _place_faults(region, points, named[0])
        yield from _length_faults(points, placed=series.has_frame_of_reference)


def mask_faults(mask: Mask) -> Iterator[str]:
    """Name what keeps an array from being a mask; its shape and that it is not empty are looked at with the series."""
    array: Any = mask.array
    if not isinstance(array, np.ndarray):
        yield f"array is {type(array).__name__} instead of a numpy array"
    elif array.dtype != np.bool_ and not np.isin(array, (0, 1)).all():
        # Probabilities and label numbers are no masks: all that is not 0 would be in it.
        yield f"array is not boolean: {array.dtype} with values other than 0 and 1"


def _points(region: Region) -> Points | None:
    """Give the points, shape (n, 2) or (n, 3); None if they are none."""
    dimensions = 2 if region.space is Space.PIXEL else 3
    try:
        points = np.asarray([tuple(point) for point in region.points], dtype=np.float64)
    except (TypeError, ValueError):
        return None
    legal = points.ndim == 2 and points.shape[1] == dimensions and bool(np.isfinite(points).all())  # noqa: PLR2004
    return points if legal else None


def _shape_faults(shape: Shape, points: Points) -> Iterator[str]:
    different = len(np.unique(points, axis=0))
    if different < _FEWEST[shape]:
        yield f"a {shape.value} has {_FEWEST[shape]} different points at least"
    if len(points) > _MOST.get(shape, len(points)):
        yield f"a {shape.value} has {_MOST[shape]} points at most"


def _frame(item: Slice) -> int:
    return item.frame_number or 1


def _place_faults(region: Region, points: Points, item: Slice) -> Iterator[str]:
    if region.space is Space.PATIENT:
        if item.plane is None:
            yield "a region in patient space lies on an image without position"
            return
        if any(item.plane.distance_mm(point) > _NEAR_MM for point in points):
            yield "the region does not lie in the plane of its image"
            return
        points = item.plane.to_pixel(points)
    rows, columns = item.shape
    low, high = points.min(axis=0), points.max(axis=0)
    # What reaches over an edge is cut off there by whoever draws it; what is nowhere on the image is a mistake.
    if (high < 0).any() or (low > (columns, rows)).any():
        yield "the region lies outside its image"


def _length_faults(points: Points, *, placed: bool) -> Iterator[str]:
    dimensions = 3 if placed else 2
    # One more for the point that closes a polygon.
    most = _LONGEST_GRAPHIC // dimensions - 1
    if len(points) > most:
        yield f"a region has {most} points at most; a mask has no such limit"
