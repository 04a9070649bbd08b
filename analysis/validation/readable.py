"""Whether another implementation can read what this node wrote: highdicom, which had no part in writing it."""

import warnings
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from pydicom.dataset import Dataset


def encode(ds: Dataset) -> bytes:
    """Write a data set as the bytes of a Part 10 file."""
    stream = BytesIO()
    ds.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


def unreadable(ds: Dataset, encoded: bytes) -> Iterator[str]:
    """Say why highdicom cannot read an object, if it cannot.

    Parameters
    ----------
    encoded
        The object as it will be stored.
    """
    # Loading it costs two seconds, which only the process that makes results shall pay.
    import highdicom.seg  # noqa: PLC0415
    import highdicom.sr  # noqa: PLC0415

    stream = BytesIO(encoded)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if ds.Modality == "SR":
                _visit(highdicom.sr.srread(stream))
            else:
                highdicom.seg.segread(stream)
    # The reader's own errors are not documented; these are what reading a bad object raises.
    except (AttributeError, KeyError, IndexError, TypeError, ValueError) as error:
        yield f"{ds.Modality}: highdicom cannot read it ({type(error).__name__})"


def _visit(document: Any) -> None:
    """Parse every group, not only the root."""
    content = document.content
    content.get_planar_roi_measurement_groups()
    content.get_volumetric_roi_measurement_groups()
    for group in content.get_image_measurement_groups():
        group.get_measurements()
