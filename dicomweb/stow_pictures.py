"""Pixel data that comes as PNG or GIF, in which no object is: it is written uncompressed (PS3.18 Table 10.5.2-1)."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from archive.decoding import PixelWorker
from archive.encodings import EXPLICIT_VR_LITTLE_ENDIAN
from archive.errors import NotParsable, NotTranscodable, ObjectTooLarge, TransferSyntaxNotSupported
from archive.transcoding import NATIVE
from dicomweb.json_values import JsonElement
from dicomweb.stow_bulk import BulkPart
from dicomweb.stow_codestreams import Codestream
from dicomweb.stow_pieces import Pieces, Span
from dicomweb.stow_pixels import PixelParts

PICTURES: Final = frozenset({"image/png", "image/gif"})
# What a whole picture may take; it is held in memory while it is read.
_MOST_BYTES: Final = 64 << 20
# And all of them as samples, which is the longest that an element can be: a few bytes unpack to very many.
_MOST_UNPACKED_BYTES: Final = 0xFFFF_FFFE
_COLOURS: Final = 3
_NUMBER_OF_FRAMES: Final = "00280008"
_SAMPLES: Final = "00280002"
# Rows, Columns, Samples per Pixel, Bits Allocated, Planar Configuration: what the bytes are read by.
_DECISIVE: Final = ("00280010", "00280011", _SAMPLES, "00280100", "00280006", _NUMBER_OF_FRAMES)
_PHOTOMETRIC: Final = "00280004"
_GREY: Final = frozenset({"MONOCHROME1", "MONOCHROME2"})


def unpacked(
    data_set: Mapping[str, Any], parts: Sequence[BulkPart], pieces: Pieces, worker: PixelWorker
) -> tuple[PixelParts, Mapping[str, JsonElement]]:
    """Read the pictures, and put their samples behind the other pieces.

    Parameters
    ----------
    data_set
        What the metadata says.
    parts
        Pictures of one frame each, or one of several frames.
    pieces
        Where they are.
    worker
        Reads them in a limited process.

    Returns
    -------
    PixelParts, mapping
        The pixel data, and its description.

    Raises
    ------
    NotParsable
        The pictures are broken, differ from each other, or are not what the metadata says.
    NodeError
        They are too large, or cannot be written.
    """
    wanted = _number(data_set, _SAMPLES)
    spans: list[Span] = []
    kinds: set[tuple[tuple[int, ...], str]] = set()
    frames = 0
    for part in parts:
        samples = _read(part, pieces, worker, wanted)
        kinds.add((samples.shape[1:], samples.dtype.str))
        frames += len(samples)
        if sum(span.size for span in spans) + samples.nbytes > _MOST_UNPACKED_BYTES:
            raise ObjectTooLarge("Without compression the pixel data is longer than an element can be.")
        spans.append(_written(pieces, samples))
    if len(kinds) > 1:
        raise NotParsable("The frames are not of one kind.")
    ((shape, dtype),) = kinds
    description = _description(shape, np.dtype(dtype).itemsize, frames)
    _require(data_set, description)
    return PixelParts(EXPLICIT_VR_LITTLE_ENDIAN, spans), description


def _read(part: BulkPart, pieces: Pieces, worker: PixelWorker, wanted: int | None) -> "np.ndarray[Any, Any]":
    if part.media_type not in PICTURES or part.transfer_syntax not in {None, *NATIVE}:
        raise TransferSyntaxNotSupported("The media type does not have this transfer syntax.")
    if part.span.size > _MOST_BYTES:
        raise ObjectTooLarge("A picture of this size is not read.")
    try:
        return worker.read_picture(b"".join(pieces.read(part.span)), wanted)
    except NotTranscodable as error:
        raise NotParsable("A picture cannot be read, or not without loss.") from error


def _written(pieces: Pieces, samples: "np.ndarray[Any, Any]") -> Span:
    pieces.begin()
    for frame in samples:
        pieces.write(np.ascontiguousarray(frame).tobytes())
    return pieces.end()


def _description(shape: Sequence[int], sample_bytes: int, frames: int) -> Mapping[str, JsonElement]:
    is_colour = len(shape) == _COLOURS
    found = Codestream(
        transfer_syntax=EXPLICIT_VR_LITTLE_ENDIAN,
        rows=shape[0],
        columns=shape[1],
        samples_per_pixel=_COLOURS if is_colour else 1,
        bits_stored=8 * sample_bytes,
        signed=False,
        photometric_interpretation="RGB" if is_colour else "MONOCHROME2",
    ).attributes()
    return found | ({_NUMBER_OF_FRAMES: {"vr": "IS", "Value": [frames]}} if frames > 1 else {})


def _require(data_set: Mapping[str, Any], description: Mapping[str, Any]) -> None:
    """Demand that the metadata does not say otherwise: its description is the one that is written."""
    # Grey samples have no planes to be configured.
    expected = {_NUMBER_OF_FRAMES: {"Value": [1]}, **description}
    for tag in expected.keys() & _DECISIVE:
        said = _number(data_set, tag)
        if said is not None and said != _number(expected, tag):
            raise NotParsable("The picture is not what the metadata says of it.")
    said = _first(data_set, _PHOTOMETRIC)
    fitting = _GREY if _number(description, _SAMPLES) == 1 else {"RGB"}
    if said is not None and str(said) not in fitting:
        raise NotParsable("The picture has other colours than the metadata says.")


def _number(data_set: Mapping[str, Any], tag: str) -> int | None:
    value = _first(data_set, tag)
    try:
        return None if value is None else int(value)
    except (ValueError, TypeError, OverflowError) as error:
        raise NotParsable("The description of the pixel data has something else than a number.") from error


def _first(data_set: Mapping[str, Any], tag: str) -> Any:
    element = data_set.get(tag)
    values = element.get("Value") if isinstance(element, Mapping) else None
    return values[0] if isinstance(values, list) and values else None
