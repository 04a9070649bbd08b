"""JPEG that no decoder of pydicom takes: twelve bits a sample, and the retired progressive processes (PS3.5 8.2.1).

What the node shows, its models can read as well: frames are decoded as those for the viewer are.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.encaps import generate_frames

EXTENDED_SYNTAXES: Final = frozenset(f"1.2.840.10008.1.2.4.{number}" for number in (51, 53, 55))


def decode_extended(dataset: Dataset, index: int | None) -> NDArray[Any] | None:
    """Decode one frame, counted from 0, or all of them; None for what pydicom decodes.

    Parameters
    ----------
    dataset
        A whole instance with its file meta information.
    index
        None for all: (frames, rows, columns), or (rows, columns) of a single-frame instance.
    """
    # GDCM is loaded where it is needed and nowhere else.
    from archive.decoding_extended import decode_twelve_bits, needs_twelve_bits  # noqa: PLC0415

    syntax = str(dataset.file_meta.TransferSyntaxUID)
    pixels = {
        "rows": int(dataset.Rows),
        "columns": int(dataset.Columns),
        "samples_per_pixel": int(dataset.get("SamplesPerPixel") or 1),
        "bits_allocated": int(dataset.BitsAllocated),
        "bits_stored": int(dataset.BitsStored),
        "pixel_representation": int(dataset.PixelRepresentation),
        "photometric_interpretation": str(dataset.PhotometricInterpretation),
    }
    if not needs_twelve_bits(syntax, pixels):
        return None
    count = int(dataset.get("NumberOfFrames") or 1)
    codestreams = list(generate_frames(dataset.PixelData, number_of_frames=count))
    if index is not None:
        return decode_twelve_bits(syntax, pixels, codestreams[index])
    frames = [decode_twelve_bits(syntax, pixels, codestream) for codestream in codestreams]
    return frames[0] if count == 1 else np.stack(frames)
