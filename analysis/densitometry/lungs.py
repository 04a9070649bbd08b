"""Segmentation of both lungs on CT.

Connected components are found on a grid of about 2.5 mm, where they take milliseconds; which voxels belong to a lung
is then decided at full resolution.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from analysis.densitometry.airways import find_airways
from analysis.errors import NotApplicable
from analysis.series import Array, Volume

Mask = NDArray[np.bool_]

AIR_HU = -500
_GRID_MM = 2.5
_SMALLEST_LUNG_ML = 100.0
_RIGHT, _LEFT = 1, 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lungs:
    """Masks of the lungs, in the shape and order of the volume, airways left out."""

    right: Mask
    left: Mask


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grid:
    """A coarse grid: every n-th voxel, slices from the head down."""

    steps: tuple[int, int, int]
    head_first: bool

    def coarse(self, array: Array) -> Array:
        sampled = array[:: self.steps[0], :: self.steps[1], :: self.steps[2]]
        return sampled if self.head_first else sampled[::-1]

    def fine(self, mask: Mask, shape: tuple[int, ...]) -> Mask:
        grown = mask if self.head_first else mask[::-1]
        for axis, step in enumerate(self.steps):
            grown = np.repeat(grown, step, axis=axis)
        return grown[: shape[0], : shape[1], : shape[2]]


def segment_lungs(volume: Volume) -> Lungs:
    """Find both lungs in an axial CT volume.

    Raises
    ------
    NotApplicable
        If there are no two lungs, or the volume cuts them off.
    """
    row_mm, column_mm = volume.spacing_mm[1:]
    grid = _Grid(
        steps=(_step(volume.spacing_mm[0]), _step(row_mm), _step(column_mm)),
        head_first=bool(volume.affine[2, 0] < 0),
    )
    voxel_ml = float(np.prod([step * size for step, size in zip(grid.steps, volume.spacing_mm, strict=True)])) / 1000
    air = _inside_body(np.asarray(grid.coarse(volume.array) < AIR_HU))
    airways = find_airways(air, grid.steps[1] * row_mm * grid.steps[2] * column_mm)
    # One coarse voxel more, for the airways' walls and partial volume.
    labels = _two_lungs(air & ~ndimage.binary_dilation(airways), voxel_ml)
    _require_coverage(labels > 0)
    labels = _right_and_left(labels, volume.affine)
    wall = ndimage.binary_dilation(airways)
    return Lungs(
        right=_refined(volume, grid, (labels == _RIGHT), wall), left=_refined(volume, grid, (labels == _LEFT), wall)
    )


def _step(spacing_mm: float) -> int:
    return max(1, round(_GRID_MM / spacing_mm))


def _inside_body(air: Mask) -> Mask:
    """Leave out the air around the patient: what reaches the sides of the image."""
    labels, _ = ndimage.label(air)
    sides = (labels[:, 0], labels[:, -1], labels[:, :, 0], labels[:, :, -1])
    outside = np.unique(np.concatenate([side.reshape(-1) for side in sides]))
    keep = np.ones(int(labels.max()) + 1, dtype=bool)
    keep[outside] = False
    keep[0] = False
    inside: Mask = keep[labels]
    return inside


def _two_lungs(air: Mask, voxel_ml: float) -> NDArray[np.int32]:
    """Label the two largest components 1 and 2, cutting them apart where they touch."""
    seeds = air
    for _ in range(4):
        labels, _ = ndimage.label(seeds)
        sizes = np.bincount(labels.reshape(-1))
        sizes[0] = 0
        largest = np.argsort(sizes)[::-1][:2]
        if largest.size == 2 and sizes[largest[1]] * voxel_ml >= _SMALLEST_LUNG_ML:  # noqa: PLR2004 - two lungs
            return _grown(labels, largest, air)
        seeds = ndimage.binary_erosion(seeds)
    raise NotApplicable("no two lungs found")


def _grown(labels: NDArray[np.int32], largest: NDArray[np.intp], air: Mask) -> NDArray[np.int32]:
    """Give each voxel of the air near a lung to the nearer of the two."""
    cores = np.zeros(labels.shape, dtype=np.int32)
    cores[labels == largest[0]] = 1
    cores[labels == largest[1]] = 2
    components, _ = ndimage.label(air)
    reachable = np.isin(components, np.unique(components[cores > 0])) & air
    if bool((cores[reachable] > 0).all()):
        return cores
    nearest = ndimage.distance_transform_edt(cores == 0, return_distances=False, return_indices=True)
    grown: NDArray[np.int32] = np.where(reachable, cores[tuple(nearest)], 0).astype(np.int32)
    return grown


def _require_coverage(lungs: Mask) -> None:
    """Refuse a volume that ends inside the lungs: their volume and density would mean nothing."""
    areas = lungs.sum(axis=(1, 2))
    cut_off = 0.1
    if max(areas[0], areas[-1]) > cut_off * areas.max():
        raise NotApplicable("the series does not cover the whole lungs")


def _right_and_left(labels: NDArray[np.int32], affine: NDArray[np.float64]) -> NDArray[np.int32]:
    """Give the lung on the patient's right number 1; LPS coordinates grow to the left."""
    columns = [float(np.nonzero(labels == number)[2].mean()) for number in (1, 2)]
    to_the_left = affine[0, 2] > 0
    in_order = (columns[0] < columns[1]) == to_the_left
    swapped: NDArray[np.int32] = labels if in_order else np.asarray([0, 2, 1], dtype=np.int32)[labels]
    return swapped


def _refined(volume: Volume, grid: _Grid, coarse: Mask, airways: Mask) -> Mask:
    """Decide at full resolution: everything inside is lung (vessels too), at the edge only what is air."""
    closed = ndimage.binary_closing(coarse, iterations=2)
    near = ndimage.binary_dilation(closed) & ~airways
    inside = ndimage.binary_erosion(closed) & ~airways
    box = _bounds(near, grid, volume.array.shape)
    mask = np.zeros(volume.array.shape, dtype=bool)
    edge = grid.fine(near, volume.array.shape)[box] & (volume.array[box] < AIR_HU)
    mask[box] = edge | grid.fine(inside, volume.array.shape)[box]
    return mask


def _bounds(coarse: Mask, grid: _Grid, shape: tuple[int, ...]) -> tuple[slice, ...]:
    """Give the box that a coarse mask fills, in voxels of the volume."""
    ordered = coarse if grid.head_first else coarse[::-1]
    box = ndimage.find_objects(ordered.astype(np.uint8))[0]
    return tuple(
        slice(part.start * step, min(part.stop * step, size))
        for part, step, size in zip(box, grid.steps, shape, strict=True)
    )
