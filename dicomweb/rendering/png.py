"""PNG files of grey and RGB pictures (ISO/IEC 15948), quickly: each sample as its difference to the pixel before it.

Trying five ways for each row, as is usual, takes longer than all else that is done for a picture, and gains little with
what scanners see.
"""

import struct
import zlib
from typing import Any, Final

import numpy as np

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_EIGHT_BITS: Final = 8
_GREY, _RGB = 0, 2
# Filter type "Sub" (Section 9.2).
_DIFFERENCE: Final = 1
_EFFORT, _MEMORY = 1, 9
# Differences of noise have nothing in common that is worth a search, but for runs where nothing is to be seen. With
# fewer zeros than one in so many, runs are hardly there either, and to look for them takes as long as all else.
_ZEROS_OF_RUNS: Final = 3


def encode_png(samples: "np.ndarray[Any, Any]") -> bytes:
    """Encode a picture without loss.

    Parameters
    ----------
    samples
        Bytes: rows x columns, or rows x columns x 3.
    """
    rows, columns = samples.shape[:2]
    grey = samples.ndim == len((rows, columns))
    step = 1 if grey else samples.shape[2]
    lines = samples.reshape(rows, columns * step)
    filtered = np.empty((rows, 1 + columns * step), np.uint8)
    filtered[:, 0] = _DIFFERENCE
    filtered[:, 1 : 1 + step] = lines[:, :step]
    np.subtract(lines[:, step:], lines[:, :-step], out=filtered[:, 1 + step :])
    zeros = filtered.size - np.count_nonzero(filtered)
    strategy = zlib.Z_RLE if zeros * _ZEROS_OF_RUNS >= filtered.size else zlib.Z_HUFFMAN_ONLY
    compressor = zlib.compressobj(_EFFORT, zlib.DEFLATED, zlib.MAX_WBITS, _MEMORY, strategy)
    content = compressor.compress(filtered.data) + compressor.flush()
    header = struct.pack(">IIBBBBB", columns, rows, _EIGHT_BITS, _GREY if grey else _RGB, 0, 0, 0)
    return _SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", content) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(content, zlib.crc32(kind))
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)
