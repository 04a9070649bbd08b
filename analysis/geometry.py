"""Where an image plane lies in the patient (PS3.3 C.7.6.2.1.1)."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

Vector = tuple[float, float, float]
Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plane:
    """Position and orientation of one image.

    Attributes
    ----------
    position_mm
        Centre of the first pixel, patient coordinates (LPS).
    along_row, along_column
        Direction cosines of increasing column index, and of increasing row index.
    row_spacing_mm, column_spacing_mm
        Distance between rows, and between columns.
    """

    position_mm: Vector
    along_row: Vector
    along_column: Vector
    row_spacing_mm: float
    column_spacing_mm: float

    @property
    def normal(self) -> NDArray[np.float64]:
        """Unit vector perpendicular to the plane."""
        return np.asarray(np.cross(self.along_row, self.along_column), dtype=np.float64)

    @property
    def height_mm(self) -> float:
        """Position along the normal."""
        return float(np.dot(self.normal, self.position_mm))

    def to_patient(self, pixels: Iterable[Iterable[float]]) -> Points:
        """Map (column, row) with corner origin, shape (n, 2), to patient mm, shape (n, 3)."""
        points = np.asarray([tuple(point) for point in pixels], dtype=np.float64) - 0.5
        across: Points = points[:, :1] * self.column_spacing_mm * np.asarray(self.along_row)
        down = points[:, 1:2] * self.row_spacing_mm * np.asarray(self.along_column)
        placed: Points = np.asarray(self.position_mm) + across + down
        return placed

    def to_pixel(self, points_mm: Iterable[Iterable[float]]) -> Points:
        """Map patient mm, shape (n, 3), to (column, row) with corner origin, shape (n, 2)."""
        offset = np.asarray([tuple(point) for point in points_mm], dtype=np.float64) - np.asarray(self.position_mm)
        column = offset @ np.asarray(self.along_row) / self.column_spacing_mm
        row = offset @ np.asarray(self.along_column) / self.row_spacing_mm
        return np.stack([column, row], axis=1) + 0.5

    def distance_mm(self, point_mm: Iterable[float]) -> float:
        """Give the distance of a point from the plane."""
        return abs(float(np.dot(self.normal, np.asarray(tuple(point_mm)) - np.asarray(self.position_mm))))


def plane_of(dataset: Dataset, frame: Dataset | None = None, shared: Dataset | None = None) -> Plane | None:
    """Read the plane of an image, or of a frame of a multi-frame image; None if it has none.

    Parameters
    ----------
    dataset
        The instance.
    frame, shared
        Per-frame and shared functional groups (PS3.3 C.7.6.16), for enhanced objects.
    """
    position = _macro(dataset, "ImagePositionPatient", "PlanePositionSequence", frame, shared)
    orientation = _macro(dataset, "ImageOrientationPatient", "PlaneOrientationSequence", frame, shared)
    spacing = _macro(dataset, "PixelSpacing", "PixelMeasuresSequence", frame, shared)
    if not (_numbers(position, 3) and _numbers(orientation, 6) and _numbers(spacing, 2)):
        return None
    cosines = [float(value) for value in orientation]
    if float(spacing[0]) <= 0 or float(spacing[1]) <= 0 or not _orthonormal(cosines):
        return None
    return Plane(
        position_mm=(float(position[0]), float(position[1]), float(position[2])),
        along_row=(cosines[0], cosines[1], cosines[2]),
        along_column=(cosines[3], cosines[4], cosines[5]),
        row_spacing_mm=float(spacing[0]),
        column_spacing_mm=float(spacing[1]),
    )


def _macro(dataset: Dataset, keyword: str, group: str, frame: Dataset | None, shared: Dataset | None) -> list[float]:
    """Read an attribute from the per-frame groups, the shared groups, or the top level."""
    for holder in (frame, shared):
        items = holder.get(group) if holder is not None else None
        if items and keyword in items[0]:
            return list(items[0].get(keyword) or ())
    value = dataset.get(keyword)
    return list(value) if value is not None and not isinstance(value, str | float | int) else []


def _numbers(values: list[float], count: int) -> bool:
    return len(values) == count and all(np.isfinite(float(value)) for value in values)


def _orthonormal(cosines: list[float]) -> bool:
    """Whether the two directions are unit vectors at a right angle, as far as rounded cosines can be."""
    row, column = np.asarray(cosines[:3]), np.asarray(cosines[3:])
    tolerance = 1e-2
    return (
        abs(float(np.linalg.norm(row)) - 1) < tolerance
        and abs(float(np.linalg.norm(column)) - 1) < tolerance
        and abs(float(row @ column)) < tolerance
    )
