"""Trachea and main bronchi, followed from slice to slice."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Mask = NDArray[np.bool_]

_SMALLEST_TRACHEA_MM2, _LARGEST_TRACHEA_MM2 = 40.0, 700.0
_LARGEST_BRANCH_MM2 = 700.0
_FURTHEST_FROM_MIDLINE = 0.15


def find_airways(air: Mask, pixel_mm2: float) -> Mask:
    """Follow the trachea down to where the bronchi open into the lungs.

    Parameters
    ----------
    air
        Air inside the body, (slices, rows, columns), the first slice nearest to the head.
    pixel_mm2
        Area of a pixel.

    Returns
    -------
    Mask
        Same shape; empty if no trachea is seen.
    """
    airways = np.zeros_like(air)
    start = _trachea(air, pixel_mm2)
    if start is None:
        return airways
    index, current = start
    airways[index] = current
    for below in range(index + 1, air.shape[0]):
        current = _continued(air[below], current, pixel_mm2)
        if not current.any():
            break
        airways[below] = current
    return airways


def _trachea(air: Mask, pixel_mm2: float) -> tuple[int, Mask] | None:
    """Find the trachea in the upper third: a small round hole near the middle of the image's air."""
    columns = np.nonzero(air.any(axis=(0, 1)))[0]
    if columns.size == 0:
        return None
    middle, width = (columns[0] + columns[-1]) / 2.0, float(columns[-1] - columns[0] + 1)
    for index in range(max(1, air.shape[0] // 3)):
        labels, count = ndimage.label(air[index])
        for number in range(1, count + 1):
            hole = labels == number
            area = float(hole.sum()) * pixel_mm2
            off_middle = abs(float(np.nonzero(hole)[1].mean()) - middle) / width
            if _SMALLEST_TRACHEA_MM2 <= area <= _LARGEST_TRACHEA_MM2 and off_middle < _FURTHEST_FROM_MIDLINE:
                return index, hole
    return None


def _continued(plane: Mask, above: Mask, pixel_mm2: float) -> Mask:
    """Keep the holes that continue those of the slice above; one that has grown into a lung is no airway any more."""
    labels, _ = ndimage.label(plane)
    touched = np.unique(labels[ndimage.binary_dilation(above)])
    kept = np.zeros_like(plane)
    for number in touched[touched > 0]:
        hole = labels == number
        if float(hole.sum()) * pixel_mm2 <= _LARGEST_BRANCH_MM2:
            kept |= hole
    return kept
