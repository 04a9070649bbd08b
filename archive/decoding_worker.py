"""The child process that decodes frames: it alone meets untrusted codestreams, under limits, and may die of them.

It reads requests from standard input and answers on standard output: two lengths, a description as JSON, bytes.
`archive.decoding` starts it and is the only one to talk to it.
"""

import json
import os
import signal
import sys
import warnings
from collections.abc import Sequence
from io import BytesIO
from typing import Any, BinaryIO, Final

import numpy as np
from PIL import Image, ImageCms
from pydicom import config
from pydicom.encaps import encapsulate
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import UID, JPEG2000TransferSyntaxes, JPEGLSTransferSyntaxes, RLELossless

from archive.confinement import confine
from archive.decoding_extended import decode_twelve_bits, needs_twelve_bits
from archive.decoding_messages import LENGTHS, READY, send_message
from archive.frame_encoding import encode
from archive.picture_reading import read_picture

# Colour that was coded with loss is shown as RGB; lossless colour stays in the space it was stored in, bit for bit.
_LOSSY_COLOUR: Final = frozenset({"1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.81"})


def serve(source: BinaryIO, target: BinaryIO, timeout_seconds: int) -> None:
    """Answer requests until the parent closes the pipe; a request that takes too long ends the process."""
    target.write(READY)
    target.flush()
    while header := source.read(LENGTHS.size):
        description_length, data_length = LENGTHS.unpack(header)
        request = json.loads(source.read(description_length))
        codestream = source.read(data_length)
        signal.alarm(timeout_seconds)
        answer, data = _answer(request, codestream)
        signal.alarm(0)
        send_message(target, answer, data)


def decode(request: dict[str, Any], codestream: bytes) -> tuple["np.ndarray[Any, Any]", dict[str, Any]]:
    """Decode one frame.

    Parameters
    ----------
    request
        The Image Pixel description, with pydicom's option names, and the transfer syntax.
    codestream
        The frame as stored.

    Returns
    -------
    array, properties
        The samples, in rows x columns x samples, and what the Image Pixel description of them is now.
    """
    transfer_syntax = UID(request["transfer_syntax_uid"])
    if needs_twelve_bits(transfer_syntax, request["pixels"]):
        return decode_twelve_bits(transfer_syntax, request["pixels"], codestream), request["pixels"]
    decoder = get_decoder(transfer_syntax)
    options = {**request["pixels"], "number_of_frames": 1, "pixel_keyword": "PixelData"}
    options["as_rgb"] = transfer_syntax in _LOSSY_COLOUR
    source = encapsulate([codestream])
    failures: list[str] = []
    for plugin in _plugins(transfer_syntax, decoder.available_plugins):
        try:
            array, properties = decoder.as_array(source, index=0, decoding_plugin=plugin, **options)
        except Exception as error:  # noqa: BLE001 - process edge: codecs raise whatever they like
            failures.append(f"{plugin}: {type(error).__name__}")
        else:
            return array, properties
    raise ValueError(", ".join(failures) or "no decoder")


def _plugins(transfer_syntax: UID, available: tuple[str, ...]) -> list[str]:
    """Choose decoders: exact and quick ones. A slow one that tries its luck with what others refused helps nobody."""
    chosen = ["gdcm", "pillow"]
    if transfer_syntax in JPEGLSTransferSyntaxes:
        chosen = ["pyjpegls"]
    elif transfer_syntax in JPEG2000TransferSyntaxes or transfer_syntax == RLELossless:
        chosen = ["pylibjpeg"]
    return [plugin for plugin in chosen if plugin in available]


def to_srgb(shape: Sequence[int], content: bytes) -> "np.ndarray[Any, Any]":
    """Convert colours to sRGB.

    Parameters
    ----------
    shape
        Rows, columns and 3.
    content
        The samples, one byte each, and behind them the ICC profile that says what they are.
    """
    rows, columns, planes = shape
    size = rows * columns * planes
    image = Image.frombytes("RGB", (columns, rows), content[:size])
    source = ImageCms.ImageCmsProfile(BytesIO(content[size:]))
    converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"))
    return np.asarray(converted)


def _answer(request: dict[str, Any], codestream: bytes) -> tuple[dict[str, Any], bytes]:
    try:
        if "compress" in request:
            return {}, encode(request, codestream)
        if "shape" in request:
            return {}, to_srgb(request["shape"], codestream).tobytes()
        if "picture" in request:
            return _array(read_picture(codestream, request["samples_per_pixel"]))
        array, properties = decode(request, codestream)
    except Exception as error:  # noqa: BLE001 - process edge
        return {"error": f"{type(error).__name__}: {error}"[:500]}, b""
    return _array(array, photometric_interpretation=str(properties["photometric_interpretation"]))


def _array(array: "np.ndarray[Any, Any]", **facts: str) -> tuple[dict[str, Any], bytes]:
    little_endian = array.astype(array.dtype.newbyteorder("<"), copy=False)
    description = {"dtype": little_endian.dtype.str, "shape": list(array.shape), **facts}
    return description, np.ascontiguousarray(little_endian).tobytes()


def main() -> None:
    """Run the worker: arguments are the memory limit in bytes and the time-out in seconds."""
    memory_bytes, timeout_seconds = int(sys.argv[1]), int(sys.argv[2])
    # Codecs may print; nothing but answers may stand in the pipe.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    warnings.simplefilter("ignore")
    config.settings.reading_validation_mode = config.IGNORE
    confine(memory_bytes)
    serve(sys.stdin.buffer, answers, timeout_seconds)


if __name__ == "__main__":
    main()
