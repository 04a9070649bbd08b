"""Stored values to modality units (PS3.3 C.11.1)."""

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

Array = NDArray[np.float32] | NDArray[np.int16]

_NONE = (None, "")
_LUMINANCE = np.asarray([0.299, 0.587, 0.114], dtype=np.float32)


def to_modality_units(stored: NDArray[np.generic], header: Dataset, frame_number: int | None) -> Array:
    """Apply rescale slope and intercept; colour becomes luminance.

    Whole numbers that fit stay 16-bit: a chest CT then takes half the memory and half the time.
    """
    if stored.ndim == 3:  # noqa: PLR2004 - rows, columns, samples
        return np.asarray(stored.astype(np.float32) @ _LUMINANCE, dtype=np.float32)
    slope, intercept = rescale_of(header, frame_number)
    whole = slope == 1.0 and intercept == int(intercept) and stored.dtype.kind in "iu" and stored.dtype.itemsize <= 2  # noqa: PLR2004
    if whole and _fits(header, int(intercept)):
        return stored.astype(np.int16) + np.int16(intercept)
    return stored.astype(np.float32) * np.float32(slope) + np.float32(intercept)


def rescale_of(header: Dataset, frame_number: int | None) -> tuple[float, float]:
    """Give (slope, intercept) of an image or of a frame; (1, 0) where none is said."""
    holders = [header]
    for group in (_per_frame(header, frame_number), *(header.get("SharedFunctionalGroupsSequence") or ())[:1]):
        items = group.get("PixelValueTransformationSequence") if group is not None else None
        if items:
            holders.insert(0, items[0])
    for holder in holders:
        slope, intercept = holder.get("RescaleSlope"), holder.get("RescaleIntercept")
        # Blank values count as none.
        if slope not in _NONE and intercept not in _NONE and float(slope) != 0:
            return float(slope), float(intercept)
    return 1.0, 0.0


def _per_frame(header: Dataset, frame_number: int | None) -> Dataset | None:
    groups = header.get("PerFrameFunctionalGroupsSequence") or ()
    return groups[frame_number - 1] if frame_number is not None and frame_number <= len(groups) else None


def _fits(header: Dataset, intercept: int) -> bool:
    """Whether every value that Bits Stored can hold stays within 16 bits with sign."""
    bits, signed = int(header.get("BitsStored", 16)), int(header.get("PixelRepresentation", 0)) == 1
    low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
    bounds = np.iinfo(np.int16)
    return bounds.min <= low + intercept and high + intercept <= bounds.max
