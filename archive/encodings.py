"""The ways to encode data elements (PS3.5 Section 7.1 and Annex A): what one element header says."""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from pydicom.datadict import DicomDictionary  # type: ignore[attr-defined]  # documented, but not re-exported

from archive.errors import NotParsable

UNDEFINED: Final = 0xFFFF_FFFF
ITEM: Final = 0xFFFE_E000
ITEM_END: Final = 0xFFFE_E00D
SEQUENCE_END: Final = 0xFFFE_E0DD
PIXEL_DATA: Final = 0x7FE0_0010

# Of undefined length these are fragments, as encapsulated pixel data is (PS3.5 Section A.4).
BYTES_VRS: Final = frozenset((b"OB", b"OW"))
# PS3.5 Table 7.1-2: a 16-bit length; all others have a 32-bit length after two reserved bytes (Table 7.1-1).
_SHORT_VRS: Final = frozenset(
    b"AE AS AT CS DA DS DT FL FD IS LO LT PN SH SL SS ST TM UI UL US".split(),
)
# With implicit VR only the dictionary tells a sequence of defined length from other values.
_SEQUENCES: Final = frozenset(tag for tag, entry in DicomDictionary.items() if entry[0] == "SQ")
_NO_VR: Final = b""
_SQ: Final = b"SQ"
_GROUP_OF_ITEMS: Final = 0xFFFE

# Tag, VR, length of the value, size of the header.
ElementHeader: TypeAlias = tuple[int, bytes, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """How headers and numbers are written.

    Parameters
    ----------
    element
        Reads the element header at an offset of a buffer.
    item
        Struct of an item header: group, element, length.
    big_endian
        Byte order of numbers.
    """

    element: Callable[[bytes, int], ElementHeader]
    item: struct.Struct
    big_endian: bool


def _explicit(order: str) -> Callable[[bytes, int], ElementHeader]:
    short = struct.Struct(order + "HH2sH").unpack_from
    long = struct.Struct(order + "I").unpack_from

    def read(buffer: bytes, offset: int) -> ElementHeader:
        group, element, vr, length = short(buffer, offset)
        if vr in _SHORT_VRS:
            return group << 16 | element, vr, length, 8
        if group == _GROUP_OF_ITEMS:
            return group << 16 | element, _NO_VR, long(buffer, offset + 4)[0], 8
        # VRs that later editions may add have the long form too (PS3.5 Section 6.2.2).
        if not (vr.isalpha() and vr.isupper()):
            raise NotParsable("A data element has an invalid VR.")
        return group << 16 | element, vr, long(buffer, offset + 8)[0], 12

    return read


def _implicit(buffer: bytes, offset: int) -> ElementHeader:
    group, element, length = _LITTLE_ITEM.unpack_from(buffer, offset)
    tag = group << 16 | element
    return tag, (_SQ if tag in _SEQUENCES else _NO_VR), length, 8


_LITTLE_ITEM: Final = struct.Struct("<HHI")
EXPLICIT_LITTLE: Final = Encoding(element=_explicit("<"), item=_LITTLE_ITEM, big_endian=False)
EXPLICIT_BIG: Final = Encoding(element=_explicit(">"), item=struct.Struct(">HHI"), big_endian=True)
IMPLICIT_LITTLE: Final = Encoding(element=_implicit, item=_LITTLE_ITEM, big_endian=False)

IMPLICIT_VR_LITTLE_ENDIAN: Final = "1.2.840.10008.1.2"
EXPLICIT_VR_LITTLE_ENDIAN: Final = "1.2.840.10008.1.2.1"
EXPLICIT_VR_BIG_ENDIAN: Final = "1.2.840.10008.1.2.2"
_IMPLICIT_VR_BIG_ENDIAN_PIXELS_GE: Final = "1.2.840.113619.5.2"
_ENCODINGS: Final = {
    IMPLICIT_VR_LITTLE_ENDIAN: IMPLICIT_LITTLE,
    _IMPLICIT_VR_BIG_ENDIAN_PIXELS_GE: IMPLICIT_LITTLE,
    EXPLICIT_VR_BIG_ENDIAN: EXPLICIT_BIG,
}
# Deflated Explicit VR Little Endian, JPIP Referenced Deflate, JPIP HTJ2K Referenced Deflate.
_DEFLATED: Final = frozenset({"1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.4.95", "1.2.840.10008.1.2.4.205"})


def encoding_of(transfer_syntax_uid: str) -> Encoding:
    """Return the encoding of a transfer syntax: explicit little endian for all that PS3.5 Annex A does not except."""
    return _ENCODINGS.get(transfer_syntax_uid, EXPLICIT_LITTLE)


def is_deflated(transfer_syntax_uid: str) -> bool:
    """Tell whether a data set in this transfer syntax is a deflate stream."""
    return transfer_syntax_uid in _DEFLATED
