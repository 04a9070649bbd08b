"""The rendering pipeline: stored samples, modality, VOI, presentation, eight bits (PS3.4 Section N.2)."""

from typing import Any, Final

import numpy as np

from archive.decoding import DecodedFrame
from archive.errors import NotTranscodable
from archive.pixels import ImagePixels
from dicomweb.rendering.attributes import Display, Window
from dicomweb.rendering.shade_tables import ShadeTables

Array = np.ndarray[Any, Any]

_WHITE: Final = 255
_BYTE: Final = 8
_TABLE_BITS: Final = 16
# So many values are tried to find the extent of what has no window; more would not change it.
_SAMPLED: Final = 1 << 18
_COLOURS: Final = 3
_TABLES: Final = ShadeTables()


def picture(frame: DecodedFrame, pixels: ImagePixels, display: Display, window: Window | None) -> Array:
    """Make a picture of a frame.

    Parameters
    ----------
    frame
        The samples.
    pixels
        The Image Pixel description.
    display
        What the data set says about showing them.
    window
        The one that the client wants instead.

    Returns
    -------
    array of uint8
        Rows x columns for grey, rows x columns x 3 for RGB.
    """
    photometric = frame.photometric_interpretation
    if photometric == "PALETTE COLOR":
        return _palette(frame.samples, display)
    if frame.samples.ndim == _COLOURS:
        return _colour(frame, pixels)
    if not photometric.startswith("MONOCHROME"):
        raise NotTranscodable(f"Pictures are not made of {photometric}.")
    return _grey(frame, pixels, display, window)


def _grey(frame: DecodedFrame, pixels: ImagePixels, display: Display, window: Window | None) -> Array:
    samples = frame.samples
    inverse = (frame.photometric_interpretation == "MONOCHROME1") != display.inverse
    window = window or display.window or _extent(_used_bits(samples, pixels), display)

    def shades_of(values: Array) -> Array:
        shades = _shades(_used_bits(values, pixels), display, window)
        return np.asarray(_WHITE - shades) if inverse else shades

    if samples.dtype.kind == "f" or samples.dtype.itemsize * _BYTE > _TABLE_BITS:
        return shades_of(samples)
    if display.modality_lut or display.presentation_lut or window is None:
        return _TABLES.look_up(samples, shades_of)
    decided_by = (display.slope, display.intercept, window, inverse, pixels.bits_stored, pixels.bits_allocated)
    return _TABLES.look_up(samples, shades_of, decided_by)


def _used_bits(samples: Array, pixels: ImagePixels) -> Array:
    """Clear what is not of the pixel: overlays were kept in unused bits once (PS3.5 Section 8.1.1)."""
    unused = samples.dtype.itemsize * _BYTE - pixels.bits_stored
    if samples.dtype.kind == "f" or unused <= 0 or pixels.bits_allocated == 1 or _fits(samples, pixels.bits_stored):
        return samples
    native = samples.astype(samples.dtype.newbyteorder("="))
    return np.asarray(np.right_shift(np.left_shift(native, unused), unused))


def _fits(samples: Array, bits: int) -> bool:
    """Tell whether samples use no more bits than these: to look takes a tenth of the time of clearing the others."""
    if not samples.size:
        return True
    most = 1 << bits - (samples.dtype.kind == "i")
    return bool(samples.max() < most and (samples.dtype.kind == "u" or samples.min() >= -most))


def _shades(values: Array, display: Display, window: Window | None) -> Array:
    """Run values through modality, VOI and presentation transformation to eight bits."""
    modality = _modality(values, display)
    if display.voi_lut is not None and window is None:
        parts = display.voi_lut.shades(modality)
    else:
        # What is no number is black.
        finite = np.nan_to_num(modality.astype(np.float32), nan=-np.inf)
        parts = _voi(finite, window or Window(0.5, 1.0, "LINEAR_EXACT"))
    if display.presentation_lut is not None:
        parts = display.presentation_lut.shades_of_shades(parts)
    return (parts * _WHITE + 0.5).astype(np.uint8)


def _modality(values: Array, display: Display) -> Array:
    if display.modality_lut is not None:
        return display.modality_lut.apply(values)
    return np.asarray(values.astype(np.float64) * display.slope + display.intercept)


def _voi(values: Array, window: Window) -> Array:
    """Apply a window (PS3.3 Sections C.11.2.1.2.1 and C.11.2.1.3); the result is between 0 and 1."""
    center, width = window.center, window.width
    if window.function == "SIGMOID":
        # Beyond this the exponential overflows and the shade is black or white anyway.
        return np.asarray(1 / (1 + np.exp(np.clip(-4 * (values - center) / width, -80, 80))))
    if window.function != "LINEAR_EXACT" and width > 1:
        center, width = center - 0.5, width - 1
    return np.asarray(np.clip((values - center) / width + 0.5, 0, 1))


def _extent(samples: Array, display: Display) -> Window | None:
    """Make a window of the values that are there, where the data set has none; padding does not count."""
    if display.voi_lut is not None:
        return None
    some = samples.reshape(-1)[:: max(1, samples.size // _SAMPLED)]
    if display.padding is not None:
        low, high = display.padding
        kept = some[(some < low) | (some > high)]
        some = kept if kept.size else some
    if some.size and some.dtype.kind != "f" and display.modality_lut is None:
        # On a line what lies between its ends need not be looked at.
        some = np.array([some.min(), some.max()])
    values = _modality(some, display)
    values = values[np.isfinite(values)] if values.dtype.kind == "f" else values
    if not values.size:
        return None
    lowest, highest = float(values.min()), float(values.max())
    return Window((lowest + highest) / 2, max(highest - lowest, 1e-6), "LINEAR_EXACT")


def _palette(samples: Array, display: Display) -> Array:
    if not display.palette:
        raise NotTranscodable("The palette of the image is missing.")
    planes = [(table.shades(samples) * _WHITE + 0.5).astype(np.uint8) for table in display.palette]
    return np.stack(planes, axis=-1)


def _colour(frame: DecodedFrame, pixels: ImagePixels) -> Array:
    samples = frame.samples[..., :_COLOURS]
    if samples.dtype.itemsize > 1:
        samples = np.clip(samples.astype(np.uint32) >> max(0, pixels.bits_stored - _BYTE), 0, _WHITE)
    samples = samples.astype(np.uint8)
    photometric = frame.photometric_interpretation
    if photometric in {"YBR_FULL", "YBR_FULL_422"}:
        return _rgb(samples)
    if photometric not in {"RGB", "YBR_RCT", "YBR_ICT"}:
        raise NotTranscodable(f"Pictures are not made of {photometric}.")
    return samples


def _rgb(samples: Array) -> Array:
    """Convert from YBR_FULL (PS3.3 Section C.7.6.3.1.2)."""
    luminance, blue, red = (samples[..., plane].astype(np.float32) for plane in range(_COLOURS))
    blue, red = blue - 128, red - 128
    planes = (luminance + 1.402 * red, luminance - 0.344136 * blue - 0.714136 * red, luminance + 1.772 * blue)
    return np.clip(np.stack(planes, axis=-1) + 0.5, 0, _WHITE).astype(np.uint8)
