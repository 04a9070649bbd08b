"""Figures of a lung's histogram of CT numbers."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_LOWEST_HU, _HIGHEST_HU = -1024, 600
_EMPHYSEMA_HU = -950


@dataclass(frozen=True, slots=True, kw_only=True)
class Density:
    """What densitometry reports.

    Attributes
    ----------
    volume_ml
        Volume of the mask.
    mean_hu
        Mean lung density.
    laa950_percent
        Share of voxels below -950 HU (low attenuation areas).
    perc15_hu
        15th percentile of the histogram.
    """

    volume_ml: float
    mean_hu: float
    laa950_percent: float
    perc15_hu: float


def histogram_of(array: NDArray[np.generic], mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Count the CT numbers inside a mask, one bin a Hounsfield unit from -1024 to 600, outliers in the end bins."""
    values = array[mask]
    if values.dtype.kind == "f":
        values = np.rint(values)
    clipped = np.clip(values, _LOWEST_HU, _HIGHEST_HU).astype(np.int32) - _LOWEST_HU
    return np.bincount(clipped, minlength=_HIGHEST_HU - _LOWEST_HU + 1)


def density_of(histogram: NDArray[np.int64], voxel_ml: float) -> Density:
    """Compute the figures of a histogram made by `histogram_of`."""
    numbers = np.arange(_LOWEST_HU, _HIGHEST_HU + 1)
    count = int(histogram.sum())
    cumulative = np.cumsum(histogram)
    return Density(
        volume_ml=count * voxel_ml,
        mean_hu=float((histogram * numbers).sum() / count),
        laa950_percent=100.0 * float(histogram[: _EMPHYSEMA_HU - _LOWEST_HU].sum()) / count,
        perc15_hu=float(numbers[int(np.searchsorted(cumulative, 0.15 * count))]),
    )
