"""Every real image rendered, against a reference in numpy (PS3.4 Section N.2, PS3.3 Sections C.7.6.3 and C.11).

The reference decodes with pydicom, and follows the pipeline step by step as the standard has it.
"""

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import config, dcmread
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut, apply_voi_lut

from archive.errors import NodeError
from tests.archive.dicom_files import packaged, shared
from tests.dicomweb.conftest import Web
from tests.dicomweb.pictures import shown

_SHARED = (
    *("charsets", "cr_dx", "ct_phantom_head_1mm_extra", "mg", "mr_misc", "nema_wg04", "nm", "pt", "sc_colour"),
    *("seg_sm", "transfer_syntaxes", "us", "us_multiframe", "xa"),
)
FILES = [*(path for folder in _SHARED for path in shared(folder)), *packaged()]
# Larger pictures take seconds each in the reference, and show nothing that smaller ones do not.
_MOST_PIXELS = 2_000_000
# The extent of larger ones is estimated.
_MOST_SAMPLES = 1 << 18


@pytest.fixture(autouse=True)
def tolerant() -> Iterator[None]:
    """Let pydicom read what is wrong in real files without a word."""
    mode = config.settings.reading_validation_mode
    config.settings.reading_validation_mode = config.IGNORE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    config.settings.reading_validation_mode = mode


def first_frame(ds: Dataset) -> Any:
    samples = ds.pixel_array
    return samples[0] if int(ds.get("NumberOfFrames") or 1) > 1 else samples


def eight_bits(samples: Any, bits: int) -> Any:
    return np.asarray(samples, np.float64) / ((1 << bits) - 1) * 255


def modality_and_voi(ds: Dataset, samples: Any) -> tuple[Any, Dataset]:
    """Give the values after the modality transformation, and who says the window: the frame, all frames, the image."""
    modality, voi = np.asarray(apply_modality_lut(samples, ds), np.float64), ds
    for sequence in ("PerFrameFunctionalGroupsSequence", "SharedFunctionalGroupsSequence"):
        groups = ds.get(sequence)
        if groups and "PixelValueTransformationSequence" in groups[0]:
            modality = np.asarray(apply_modality_lut(samples, groups[0].PixelValueTransformationSequence[0]), float)
        if groups and voi is ds and "FrameVOILUTSequence" in groups[0]:
            voi = groups[0].FrameVOILUTSequence[0]
    return modality, voi


def grey(ds: Dataset, samples: Any) -> Any:
    modality, voi = modality_and_voi(ds, samples)
    width = voi.get("WindowWidth")
    if width is not None and float(np.atleast_1d(width)[0]) > 0:
        center, width = (float(np.atleast_1d(voi.get(name))[0]) for name in ("WindowCenter", "WindowWidth"))
        exact = voi.get("VOILUTFunction") == "LINEAR_EXACT" or width <= 1
        low, span = (center - width / 2, width) if exact else (center - 0.5 - (width - 1) / 2, width - 1)
        shades = np.clip((modality - low) / span, 0, 1) * 255
    elif "VOILUTSequence" in ds:
        bits = max(8, int(ds.VOILUTSequence[0].LUTDescriptor[2]))
        shades = eight_bits(apply_voi_lut(np.rint(modality).astype(int), ds), bits)
    elif modality.size <= _MOST_SAMPLES and "PixelPaddingValue" not in ds and modality.min() < modality.max():
        # Without a window the whole extent is shown.
        shades = (modality - modality.min()) / np.ptp(modality) * 255
    else:
        return None
    inverse = (ds.PhotometricInterpretation == "MONOCHROME1") != (ds.get("PresentationLUTShape") == "INVERSE")
    return 255 - shades if inverse else shades


def reference(ds: Dataset) -> Any:
    """Give the picture as it should be; None where nothing says what it is."""
    samples = first_frame(ds)
    photometric = str(ds.PhotometricInterpretation)
    if photometric == "PALETTE COLOR":
        coloured = apply_color_lut(samples, ds)[..., :3]
        return eight_bits(coloured, coloured.dtype.itemsize * 8)
    if samples.ndim > 2:
        # pydicom has made RGB of YBR already.
        return eight_bits(samples, int(ds.BitsStored))
    return grey(ds, samples)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name[-60:])
def test_a_real_image_is_shown_as_the_standard_has_it(shared_web: Web, path: Path) -> None:
    ds = dcmread(path)
    if "PixelData" not in ds or "Rows" not in ds or int(ds.Rows) * int(ds.Columns) > _MOST_PIXELS:
        pytest.skip("there is no image of this size")
    try:
        expected = reference(ds)
    except (NotImplementedError, RuntimeError, ValueError, AttributeError, IndexError):
        pytest.skip("pydicom does not decode it")
    if expected is None:
        pytest.skip("the object does not say how it is shown")
    try:
        shared_web.receive(path)
    except NodeError as error:
        pytest.skip(f"it is refused: {type(error).__name__}")
    found = shown(shared_web, ds, "frames/1/rendered").astype(float)
    if found.ndim < expected.ndim:
        expected = expected[..., 0]
    assert found.shape == expected.shape
    difference = np.abs(found - expected)
    # Colour conversions round in several places; JPEG decoders differ by a shade or two.
    assert float(difference.max()) <= 4
    assert float(difference.mean()) <= 1
