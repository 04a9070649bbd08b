"""Where a mock finding is put: inside the body, on a slice that exists."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from analysis.mock.catalogue import Kind, Place
from analysis.series import Array, SeriesInput

Mask = NDArray[np.bool_]

_SKIN_HU, _LUNG_HU = -500.0, -600.0
_OUTLINE_POINTS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A disc on one slice: (column, row) of its centre with corner origin, and radius, in pixels."""

    slice_index: int
    column: float
    row: float
    radius: float
    left_of_body: bool

    def outline(self) -> tuple[tuple[float, float], ...]:
        """Give the polygon around the disc."""
        angles = np.linspace(0.0, 2 * np.pi, _OUTLINE_POINTS, endpoint=False)
        return tuple(
            (float(self.column + self.radius * np.cos(angle)), float(self.row + self.radius * np.sin(angle)))
            for angle in angles
        )


def choose_spot(series: SeriesInput, kind: Kind, rng: np.random.Generator) -> Spot:
    """Choose a slice in the middle of the series and a disc inside the body (or the lung) on it."""
    count = len(series.slices)
    index = int(count * rng.uniform(0.3, 0.7))
    image = series.pixels(index)
    body = body_mask(image, series)
    wanted = _radius_in_pixels(series, index, float(rng.uniform(*kind.size_mm)) / 2.0)
    distance = ndimage.distance_transform_edt(np.pad(_target(image, body, kind.place), 1))[1:-1, 1:-1]
    radius = float(min(wanted, max(0.5, 0.6 * float(distance.max()))))
    rows, columns = np.nonzero(distance >= min(radius + 1.0, float(distance.max())))
    choice = int(rng.integers(rows.size))
    column, row = float(columns[choice]) + 0.5, float(rows[choice]) + 0.5
    middle = float(np.nonzero(body)[1].mean()) + 0.5
    return Spot(slice_index=index, column=column, row=row, radius=radius, left_of_body=column > middle)


def body_mask(image: Array, series: SeriesInput) -> Mask:
    """Tell the body from what surrounds it: the largest bright object, holes filled; else the whole image."""
    if series.modality == "CT":
        bright = image > _SKIN_HU
    else:
        values = image if str(series.header.get("PhotometricInterpretation")) != "MONOCHROME1" else -image
        bright = values > _otsu(values)
    labels, count = ndimage.label(bright)
    if count == 0:
        return np.ones(image.shape, dtype=bool)
    sizes = np.bincount(labels.reshape(-1))
    sizes[0] = 0
    filled: Mask = ndimage.binary_fill_holes(labels == int(sizes.argmax()))
    return filled


def ball(series: SeriesInput, spot: Spot) -> Mask | None:
    """Make the mask of a ball around the spot, through the neighbouring slices; None if slices differ in size."""
    shape = series.slices[spot.slice_index].shape
    if any(item.shape != shape for item in series.slices):
        return None
    mask = np.zeros((len(series.slices), *shape), dtype=bool)
    for index, radius in _sections(series, spot):
        mask[index] = _disc(shape, spot, radius)
    return mask


def _sections(series: SeriesInput, spot: Spot) -> list[tuple[int, float]]:
    """Give (slice, radius in pixels) of each section through the ball."""
    centre = series.slices[spot.slice_index].plane
    if centre is None or not series.has_frame_of_reference:
        return [(spot.slice_index, spot.radius)]
    radius_mm = spot.radius * centre.column_spacing_mm
    sections = []
    for index, item in enumerate(series.slices):
        if item.plane is None or float(np.dot(item.plane.normal, centre.normal)) < 0.99:  # noqa: PLR2004 - parallel
            continue
        away = item.plane.distance_mm(centre.position_mm)
        same_slice = index == spot.slice_index
        # Repeated positions (phases, echoes) have no part in it: only the chosen slice at its height.
        if same_slice or 0.01 < away < radius_mm:  # noqa: PLR2004 - mm
            sections.append((index, float(np.sqrt(radius_mm**2 - away**2)) / centre.column_spacing_mm))
    return sections


def _disc(shape: tuple[int, int], spot: Spot, radius: float) -> Mask:
    rows = np.arange(shape[0])[:, None] + 0.5 - spot.row
    columns = np.arange(shape[1])[None, :] + 0.5 - spot.column
    disc: Mask = rows**2 + columns**2 <= max(radius, 0.5) ** 2
    return disc


def _target(image: Array, body: Mask, place: Place) -> Mask:
    """Give the pixels where the finding may lie; the body where there is no lung to speak of."""
    if place is Place.LUNG:
        lung = body & (image < _LUNG_HU)
        if lung.sum() > 0.02 * body.sum():
            return lung
    return body


def _radius_in_pixels(series: SeriesInput, index: int, radius_mm: float) -> float:
    """Convert a radius; without a pixel spacing, a millimetre counts as a pixel."""
    spacing = series.slices[index].pixel_spacing_mm
    return max(1.0, radius_mm / spacing[1] if spacing is not None and spacing[1] > 0 else radius_mm)


def _otsu(image: Array) -> float:
    """Threshold that best separates two classes of grey values (N. Otsu, 1979)."""
    counts, edges = np.histogram(image, bins=128)
    centres = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below
    total = np.cumsum(counts * centres)
    with np.errstate(divide="ignore", invalid="ignore"):
        difference = total / below - (total[-1] - total) / above
    between = np.nan_to_num(below * above * difference**2)
    return float(edges[1:][int(between.argmax())])
