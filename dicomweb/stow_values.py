"""Values of the DICOM JSON Model as bytes of a data set (PS3.18 Annex F.2, PS3.5 Section 6.2): text is UTF-8."""

import base64
import binascii
import math
import struct
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydicom.valuerep import format_number_as_ds

from archive.errors import NotParsable
from dicomweb.json_values import BINARY_VRS, NUMBER_CODES

TEXT_VRS: Final = frozenset(b"AE AS CS DA DS DT IS LO LT PN SH ST TM UC UI UR UT".split())
UTF_8_VRS: Final = frozenset(b"LO LT PN SH ST UC UT".split())
KNOWN_VRS: Final = TEXT_VRS | BINARY_VRS | NUMBER_CODES.keys() | {b"AT", b"SQ"}
_GROUPS: Final = ("Alphabetic", "Ideographic", "Phonetic")
_LONGEST_DECIMAL: Final = 16
_TAG_DIGITS: Final = 8


def encode_values(vr: bytes, values: Sequence[Any]) -> bytes:
    """Give values as bytes, padded to an even number of them.

    Raises
    ------
    NotParsable
        They are no values of this VR.
    """
    if all(value is None for value in values) and (vr not in TEXT_VRS or len(values) <= 1):
        return b""
    try:
        if vr in TEXT_VRS:
            return padded(vr, "\\".join(_text(vr, value) for value in values).encode())
        if vr == b"AT":
            return b"".join(_tag(value) for value in values)
        if vr in NUMBER_CODES:
            return struct.pack(f"<{len(values)}{NUMBER_CODES[vr]}", *(_number(vr, value) for value in values))
    except (ValueError, OverflowError, TypeError, struct.error) as error:
        raise NotParsable("A value does not have the form of its VR.") from error
    raise NotParsable("An attribute of bytes has values.")


def decode_inline(text: Any) -> bytes:
    """Read an InlineBinary (PS3.18 Section F.2.7).

    Raises
    ------
    NotParsable
        It is no Base64.
    """
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (AttributeError, ValueError, binascii.Error) as error:
        raise NotParsable("An InlineBinary is no Base64.") from error


def padded(vr: bytes, value: bytes) -> bytes:
    """Make the length of a value even (PS3.5 Section 6.2): text with a space, UIDs and bytes with a NUL."""
    return value + padding(vr) if len(value) % 2 else value


def padding(vr: bytes) -> bytes:
    """Give what makes a value of odd length even."""
    return b" " if vr in TEXT_VRS and vr != b"UI" else b"\0"


def _text(vr: bytes, value: Any) -> str:
    if value is None:
        return ""
    if vr == b"PN" and isinstance(value, Mapping):
        return "=".join(_plain(value.get(group) or "") for group in _GROUPS).rstrip("=")
    if isinstance(value, bool):
        raise TypeError
    if vr == b"DS" and not isinstance(value, str):
        return _decimal(value)
    if vr == b"IS" and isinstance(value, float):
        return str(_whole(value))
    return str(value) if isinstance(value, int | float) else _plain(value)


def _plain(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _decimal(value: float) -> str:
    if not math.isfinite(value):
        raise ValueError
    text = repr(value).removesuffix(".0")
    return text if len(text) <= _LONGEST_DECIMAL else format_number_as_ds(float(value))


def _whole(value: float) -> int:
    if value != int(value):
        raise ValueError
    return int(value)


def _number(vr: bytes, value: Any) -> int | float:
    if isinstance(value, bool):
        raise TypeError
    # 64-bit numbers, and those that JSON has no form of, may be text (PS3.18 Table F.2.3-1).
    if vr in (b"FL", b"FD"):
        return float(value)
    return int(value) if isinstance(value, str) else _whole(value)


def _tag(value: Any) -> bytes:
    if not isinstance(value, str) or len(value) != _TAG_DIGITS:
        raise TypeError
    return struct.pack("<HH", int(value[:4], 16), int(value[4:], 16))
