"""JPEG with twelve bits a sample, and the retired progressive ones, by GDCM (PS3.5 Section 8.2.1).

No decoder of pydicom takes them; GDCM does when it is told the precision of the codestream.
"""

from collections.abc import Mapping
from typing import Any, Final

import gdcm
import numpy as np

_EXTENDED: Final = "1.2.840.10008.1.2.4.51"
_PROGRESSIVE: Final = frozenset({"1.2.840.10008.1.2.4.53", "1.2.840.10008.1.2.4.55"})
_BYTE: Final = 8


def needs_twelve_bits(transfer_syntax_uid: str, pixels: Mapping[str, Any]) -> bool:
    """Tell whether frames of this kind are decoded here."""
    deep = pixels["bits_stored"] > _BYTE
    return transfer_syntax_uid in _PROGRESSIVE or (transfer_syntax_uid == _EXTENDED and deep)


def decode_twelve_bits(
    transfer_syntax_uid: str, pixels: Mapping[str, Any], codestream: bytes
) -> "np.ndarray[Any, Any]":
    """Decode one grey frame.

    Parameters
    ----------
    transfer_syntax_uid
        JPEG Extended, Spectral Selection or Full Progression.
    pixels
        The Image Pixel description.
    codestream
        The frame as stored.

    Returns
    -------
    array of rows x columns
        Samples of the allocated bits.
    """
    if pixels["samples_per_pixel"] != 1:
        raise ValueError("twelve bits in colour")
    image = _image(transfer_syntax_uid, pixels, codestream)
    decoded = image.GetBuffer().encode("utf-8", "surrogateescape")
    kind = "i" if pixels["pixel_representation"] else "u"
    array = np.frombuffer(decoded, dtype=f"<{kind}{pixels['bits_allocated'] // _BYTE}")
    return array.reshape(pixels["rows"], pixels["columns"])


def _image(transfer_syntax_uid: str, pixels: Mapping[str, Any], codestream: bytes) -> Any:
    fragment = gdcm.Fragment()
    fragment.SetByteStringValue(codestream)
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((pixels["columns"], pixels["rows"], 1))
    image.SetDataElement(element)
    kind = gdcm.PhotometricInterpretation.GetPIType(pixels["photometric_interpretation"])
    image.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(kind))
    image.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.GetTSType(str(transfer_syntax_uid))))
    bits = pixels["bits_stored"]
    image.SetPixelFormat(gdcm.PixelFormat(1, pixels["bits_allocated"], bits, bits - 1, pixels["pixel_representation"]))
    return image
