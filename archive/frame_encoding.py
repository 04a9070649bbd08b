"""Compression of frames without loss, in the child process: pydicom's encoders, and a proof that nothing was lost."""

from typing import Any, Final

import numpy as np
from pydicom.encaps import encapsulate
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.encoders.base import get_encoder
from pydicom.uid import UID

_PLUGINS: Final = {
    "1.2.840.10008.1.2.5": "pylibjpeg",
    "1.2.840.10008.1.2.4.80": "pyjpegls",
    "1.2.840.10008.1.2.4.90": "pylibjpeg",
}


def encode(request: dict[str, Any], content: bytes) -> bytes:
    """Compress one frame.

    Parameters
    ----------
    request
        Transfer syntax, Image Pixel description with pydicom's option names, dtype and shape of the samples.
    content
        The samples: rows x columns x samples.

    Returns
    -------
    bytes
        The codestream, which decodes to the very same samples.
    """
    target = UID(request["transfer_syntax_uid"])
    options = {**request["pixels"], "number_of_frames": 1}
    samples = np.frombuffer(content, dtype=request["dtype"]).reshape(request["shape"])
    plugin = _PLUGINS[target]
    codestream = get_encoder(target).encode(samples, encoding_plugin=plugin, **options)
    options |= {"pixel_keyword": "PixelData", "as_rgb": False}
    decoded, _ = get_decoder(target).as_array(encapsulate([codestream]), index=0, decoding_plugin=plugin, **options)
    # Samples beyond the stored bits, overlays of old for example, do not survive every codec.
    if not np.array_equal(samples, decoded):
        raise ValueError("compression is not lossless")
    return codestream
