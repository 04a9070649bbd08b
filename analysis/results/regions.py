"""Regions as spatial coordinates (PS3.3 C.18.6, C.18.9)."""

import numpy as np
from pydicom.dataset import Dataset

from analysis.errors import InvalidResult
from analysis.findings import Code, Region, Shape, Space
from analysis.geometry import Plane, Points
from analysis.results.items import CONTAINS, SELECTED_FROM, content_item, image
from analysis.results.library import reference_to_slice
from analysis.series import SeriesInput, Slice

IMAGE_REGION = Code("111030", "DCM", "Image Region")


def slice_of(series: SeriesInput, region: Region) -> Slice:
    """Find the slice that a region lies on.

    Raises
    ------
    InvalidResult
        If the series has no such image.
    """
    for item in series.slices:
        same_frame = region.frame_number is None or (item.frame_number or 1) == region.frame_number
        if item.sop_instance_uid == region.sop_instance_uid and same_frame:
            return item
    raise InvalidResult(["a region lies on an image that is not in the series"])


def region_item(series: SeriesInput, region: Region) -> Dataset:
    """Make the Image Region of TID 1410: SCOORD3D with a frame of reference, SCOORD without."""
    item = slice_of(series, region)
    if series.has_frame_of_reference and item.plane is not None:
        return scoord3d(region.shape, patient_points(item, region), str(item.header.FrameOfReferenceUID))
    return scoord(region.shape, pixel_points(item, region), reference_to_slice(item))


def patient_points(item: Slice, region: Region) -> Points:
    """Give a region's points in patient mm, shape (n, 3)."""
    if item.plane is None:
        raise InvalidResult(["an image without position cannot place a region in the patient"])
    if region.shape is Shape.CIRCLE:
        return item.plane.to_patient(circle_outline(pixel_points(item, region), item.plane))
    if region.space is Space.PATIENT:
        return np.asarray(region.points, dtype=np.float64)
    return item.plane.to_patient(region.points)


def pixel_points(item: Slice, region: Region) -> Points:
    """Give a region's points as (column, row), shape (n, 2)."""
    if region.space is Space.PIXEL:
        return np.asarray(region.points, dtype=np.float64)
    if item.plane is None:
        raise InvalidResult(["a region in patient coordinates lies on an image without position"])
    return item.plane.to_pixel(region.points)


def circle_outline(points: Points, plane: Plane) -> Points:
    """Draw a circle of patient space as 36 points in pixels; SCOORD3D has no CIRCLE (PS3.3 C.18.9.1.2)."""
    scale = np.asarray([plane.column_spacing_mm, plane.row_spacing_mm])
    radius_mm = float(np.linalg.norm((points[1] - points[0]) * scale))
    angles = np.linspace(0.0, 2 * np.pi, 36, endpoint=False)
    outline: Points = points[0] + radius_mm * np.stack([np.cos(angles), np.sin(angles)], axis=1) / scale
    return outline


def scoord3d(shape: Shape, points: Points, frame_of_reference_uid: str) -> Dataset:
    """Make an SCOORD3D."""
    item = content_item("SCOORD3D", CONTAINS, IMAGE_REGION, ())
    graphic, drawn = {
        Shape.POINT: ("POINT", points),
        Shape.POLYLINE: ("POLYLINE", points),
        Shape.POLYGON: ("POLYGON", closed(points)),
        Shape.CIRCLE: ("POLYGON", closed(points)),
    }[shape]
    item.GraphicData = flat(drawn)
    item.GraphicType = graphic
    item.ReferencedFrameOfReferenceUID = frame_of_reference_uid
    return item


def scoord(shape: Shape, points: Points, reference: Dataset) -> Dataset:
    """Make an SCOORD selected from one image; a closed contour repeats its first point (PS3.3 C.18.6.1.2)."""
    item = content_item("SCOORD", CONTAINS, IMAGE_REGION, [image(None, reference, SELECTED_FROM)])
    graphic, drawn = {
        Shape.POINT: ("POINT", points),
        Shape.POLYLINE: ("POLYLINE", points),
        Shape.POLYGON: ("POLYLINE", closed(points)),
        Shape.CIRCLE: ("CIRCLE", points),
    }[shape]
    item.GraphicData = flat(drawn)
    item.GraphicType = graphic
    return item


def closed(points: Points) -> Points:
    """Repeat the first point at the end, if it is not there."""
    return points if np.array_equal(points[0], points[-1]) else np.concatenate([points, points[:1]])


def flat(points: Points) -> list[float]:
    """Write points as Graphic Data: 32-bit floats, one after the other."""
    return [float(np.float32(value)) for value in points.reshape(-1)]
