"""Reading an instance for analysis: header without pixel data, and frames on demand."""

import struct
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.pixels.utils import pixel_array
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from analysis.errors import CannotDecode, NotApplicable
from analysis.extended import EXTENDED_SYNTAXES, decode_extended

Stored = NDArray[Any]
"""Stored pixel values; the type depends on Bits Allocated and Pixel Representation."""

_FLAT_SYNTAXES = {"1.2.840.10008.1.2", "1.2.840.10008.1.2.1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceFile:
    """A Part 10 file and what the index knows of it."""

    path: Path
    transfer_syntax_uid: str = ""
    data_offset: int = 0


def read_header(file: InstanceFile) -> Dataset:
    """Read everything before the pixel data.

    Peers' blemishes (odd character sets, over-long values) were accepted when the object was stored; here they
    must not turn into warnings on every analysis.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return dcmread(file.path, stop_before_pixels=True, force=True)


def read_frame(file: InstanceFile, frame_number: int | None) -> Stored:
    """Decode one frame to stored values: (rows, columns) or (rows, columns, 3), colour as RGB.

    Raises
    ------
    CannotDecode
        If no decoder can read it.
    """
    if frame_number is None:
        return _decode(file, lambda: _whole(_open(file)))
    return _decode(file, lambda: _frames(file, frame_number - 1))


def read_frames(file: InstanceFile) -> Stored:
    """Decode all frames of a multi-frame instance: (frames, rows, columns) or (frames, rows, columns, 3).

    Raises
    ------
    CannotDecode
        If no decoder can read it.
    """
    array = _decode(file, lambda: _frames(file, None))
    return array if int(read_header(file).get("NumberOfFrames") or 1) > 1 else array[np.newaxis]


def _decode(file: InstanceFile, read: Callable[[], Stored]) -> Stored:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return read()
    # What decoders raise on broken streams is not documented; all of these have been seen.
    except (AttributeError, NotImplementedError, RuntimeError, ValueError, TypeError, OSError, struct.error) as error:
        problem = f"pixel data cannot be decoded ({type(error).__name__}, transfer syntax {file.transfer_syntax_uid})"
        raise CannotDecode(problem) from error


def _open(file: InstanceFile) -> Dataset:
    """Read a whole instance; a file without meta information gets the transfer syntax that it was read with."""
    dataset = dcmread(file.path, force=True)
    if "TransferSyntaxUID" not in dataset.file_meta:
        implicit = dataset.original_encoding[0] is not False
        dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian
    if not any(keyword in dataset for keyword in ("PixelData", "FloatPixelData", "DoubleFloatPixelData")):
        raise NotApplicable("an image has no pixel data")
    return dataset


def _frames(file: InstanceFile, index: int | None) -> Stored:
    """Decode one frame of a multi-frame instance, or all of them."""
    if file.transfer_syntax_uid in EXTENDED_SYNTAXES:
        decoded = decode_extended(_open(file), index)
        if decoded is not None:
            return decoded
    return pixel_array(file.path, index=index)


def _whole(dataset: Dataset) -> Stored:
    """Decode a single-frame instance, without pydicom's checks where the bytes are plain words: 1 ms a slice saved."""
    kind = _plain_words(dataset)
    if kind is None:
        extended = dataset.file_meta.TransferSyntaxUID in EXTENDED_SYNTAXES
        decoded = decode_extended(dataset, None) if extended else None
        return np.asarray(pixel_array(dataset)) if decoded is None else decoded
    rows, columns = int(dataset.Rows), int(dataset.Columns)
    array = np.frombuffer(dataset.PixelData, dtype=kind, count=rows * columns).reshape(rows, columns)
    unused = int(dataset.BitsAllocated) - int(dataset.BitsStored)
    # Bits above Bits Stored may hold anything (PS3.5 8.1.1): shift them out, and the sign back in.
    return (array << unused) >> unused if unused else array


def _plain_words(dataset: Dataset) -> str | None:
    """Give the numpy type of uncompressed monochrome pixels in whole bytes or words; None for all others."""
    plain = (
        dataset.file_meta.get("TransferSyntaxUID") in _FLAT_SYNTAXES
        and dataset.get("SamplesPerPixel", 1) == 1
        and dataset.get("HighBit") == dataset.get("BitsStored", 0) - 1
        and "PixelData" in dataset
    )
    kind = {(8, 0): "u1", (8, 1): "i1", (16, 0): "<u2", (16, 1): "<i2"}.get(
        (dataset.get("BitsAllocated", 0), dataset.get("PixelRepresentation", 0))
    )
    if not plain or kind is None:
        return None
    needed = int(dataset.Rows) * int(dataset.Columns) * int(dataset.BitsAllocated) // 8
    return kind if len(dataset.PixelData) >= needed else None
