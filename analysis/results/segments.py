"""Segment descriptions (PS3.3 C.8.20.4)."""

import numpy as np
from pydicom.dataset import Dataset

from analysis.findings import Mask
from analysis.results.items import code_item
from analysis.results.run import Run


def segment_item(run: Run, mask: Mask, number: int, identifier: str | None) -> Dataset:
    """Make an item of Segment Sequence.

    Parameters
    ----------
    identifier
        Tracking Identifier of the finding that the segment belongs to; its label if there is none.
    """
    algorithm = run.algorithm
    tracked = identifier or mask.label
    item = Dataset()
    item.SegmentedPropertyCategoryCodeSequence = [code_item(mask.category)]
    item.SegmentNumber = number
    item.SegmentLabel = mask.label[:64]
    item.SegmentAlgorithmType = "AUTOMATIC"
    item.SegmentAlgorithmName = algorithm.name[:64]
    item.SegmentedPropertyTypeCodeSequence = [code_item(mask.property_type)]
    if mask.site is not None:
        item.AnatomicRegionSequence = [code_item(mask.site)]
        if mask.laterality is not None:
            item.AnatomicRegionSequence[0].AnatomicRegionModifierSequence = [code_item(mask.laterality)]
    item.SegmentationAlgorithmIdentificationSequence = [_algorithm(run)]
    item.RecommendedDisplayCIELabValue = list(cielab(mask.colour))
    item.TrackingID = tracked[:64]
    item.TrackingUID = run.tracking_uid(tracked)
    return item


def cielab(rgb: tuple[int, int, int]) -> tuple[int, int, int]:
    """Convert sRGB to PCS-Values of CIELab, 16 bits each (PS3.3 C.10.7.1.1)."""
    linear = [_linear(value / 255.0) for value in rgb]
    # sRGB (D65) to XYZ relative to its white point.
    matrix = np.asarray([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    x, y, z = (matrix @ np.asarray(linear)) / np.asarray([0.9505, 1.0, 1.089])
    fx, fy, fz = _cube(x), _cube(y), _cube(z)
    lightness, a, b = 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)
    return round(lightness * 65535 / 100), round((a + 128) * 65535 / 255), round((b + 128) * 65535 / 255)


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4  # noqa: PLR2004 - IEC 61966-2-1


def _cube(value: float) -> float:
    return float(np.cbrt(value)) if value > (6 / 29) ** 3 else value * (29 / 6) ** 2 / 3 + 4 / 29


def _algorithm(run: Run) -> Dataset:
    """Make an Algorithm Identification macro (PS3.3 10.16)."""
    algorithm = run.algorithm
    item = Dataset()
    item.AlgorithmFamilyCodeSequence = [code_item(algorithm.family)]
    item.AlgorithmName = algorithm.name[:64]
    item.AlgorithmVersion = algorithm.version[:64]
    item.AlgorithmSource = algorithm.manufacturer[:64]
    if algorithm.parameters:
        item.AlgorithmParameters = " ".join(algorithm.parameters)
    return item
