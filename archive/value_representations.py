"""Which VR an attribute has when its data set does not say (PS3.5 Section 6.2.2 and Annex A.1, PS3.6)."""

from functools import lru_cache
from typing import Final

from pydicom.datadict import dictionary_VR

_AMBIGUOUS_NUMBERS: Final = frozenset({"US or SS", "US or SS or OW"})
_PRIVATE_CREATORS: Final = range(0x0010, 0x0100)

# Bytes of one number of each VR, for changing the byte order.
NUMBER_BYTES: Final = {
    b"US": 2, b"SS": 2, b"OW": 2, b"AT": 2,
    b"UL": 4, b"SL": 4, b"FL": 4, b"OF": 4, b"OL": 4,
    b"FD": 8, b"OD": 8, b"OV": 8, b"SV": 8, b"UV": 8,
}  # fmt: skip


@lru_cache(maxsize=8192)
def vr_of(tag: int, *, signed: bool, long: bool) -> bytes:
    """Give the VR of an attribute by the dictionary.

    Parameters
    ----------
    tag
        The attribute.
    signed
        True when Pixel Representation is 1, which decides between US and SS.
    long
        True for values of more than one number, which decides between US and OW for look-up tables.
    """
    group, element = tag >> 16, tag & 0xFFFF
    if group & 1:
        return b"LO" if element in _PRIVATE_CREATORS else b"UN"
    try:
        vr = dictionary_VR(tag)
    except KeyError:
        return b"UL" if element == 0 else b"UN"
    if vr in _AMBIGUOUS_NUMBERS and not (long and vr.endswith("OW")):
        return b"SS" if signed else b"US"
    if vr == "US or OW" and not long:
        return b"US"
    # "OB or OW" is OW in implicit VR little endian (PS3.5 Section A.1).
    return b"OW" if " or " in vr else vr.encode()
