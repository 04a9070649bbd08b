"""Values in the DICOM JSON Model (PS3.18 Annex F.2): from bytes of a data set, and from values.

Whatever a value holds, the JSON is valid: what cannot be read as its VR demands becomes null or is left out.
"""

import base64
import math
import re
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from archive.charsets import decode
from archive.value_representations import NUMBER_BYTES

JsonElement = dict[str, Any]

BINARY_VRS: Final = frozenset({b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"UN"})
NUMBER_CODES: Final = {
    b"US": "H", b"SS": "h", b"UL": "I", b"SL": "i", b"UV": "Q", b"SV": "q", b"FL": "f", b"FD": "d",
}  # fmt: skip
_ONE_TEXT: Final = frozenset({b"LT", b"ST", b"UT", b"UR"})
_WITH_CHARACTER_SET: Final = frozenset({b"LO", b"LT", b"PN", b"SH", b"ST", b"UC", b"UT"})
_GROUPS: Final = ("Alphabetic", "Ideographic", "Phonetic")
_INTEGER: Final = re.compile(r"[+-]?\d{1,12}")
_DECIMAL: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?")


def element_from_bytes(vr: bytes, value: bytes, codec: str, *, big_endian: bool) -> JsonElement:
    """Give an attribute of a data set, but no sequence.

    Parameters
    ----------
    vr, value
        As in the data set.
    codec
        Of its character set (`archive.charsets.codec_of`).
    big_endian
        Byte order of numbers in it.
    """
    known = vr in _READERS or vr in BINARY_VRS
    element: JsonElement = {"vr": vr.decode() if known else "UN"}
    if not value:
        return element
    if vr in _READERS:
        values = _READERS[vr](value, vr, codec, big_endian)
        if any(one is not None for one in values):
            element["Value"] = values
    else:
        element["InlineBinary"] = base64.b64encode(_ordered(vr, value, big_endian=big_endian)).decode()
    return element


def element_from_values(vr: str, values: Sequence[Any]) -> JsonElement:
    """Give an attribute of which the values are known."""
    element: JsonElement = {"vr": vr}
    if not values:
        return element
    match vr:
        case "PN":
            element["Value"] = [person_name(str(value)) or None for value in values]
        case "IS" | "US":
            element["Value"] = [integer(str(value)) for value in values]
        case "DS":
            element["Value"] = [decimal(str(value)) for value in values]
        case _:
            element["Value"] = list(values)
    return element


def person_name(text: str) -> Mapping[str, str]:
    """Divide a name into its component groups, without those that are empty (PS3.18 Section F.2.2)."""
    groups = zip(_GROUPS, text.split("="), strict=False)
    return {name: group.strip() for name, group in groups if group.strip("^ ")}


def _texts(value: bytes, vr: bytes, codec: str, _big_endian: bool) -> list[Any]:  # noqa: FBT001 - one signature
    text = decode(value, codec if vr in _WITH_CHARACTER_SET else "ascii")
    return [part.strip(" \0") or None for part in ([text] if vr in _ONE_TEXT else text.split("\\"))]


def _names(value: bytes, _vr: bytes, codec: str, _big_endian: bool) -> list[Any]:  # noqa: FBT001
    return [person_name(name) or None for name in decode(value, codec).split("\\")]


def _integers(value: bytes, _vr: bytes, _codec: str, _big_endian: bool) -> list[Any]:  # noqa: FBT001
    return [integer(part) for part in value.decode("ascii", "replace").split("\\")]


def _decimals(value: bytes, _vr: bytes, _codec: str, _big_endian: bool) -> list[Any]:  # noqa: FBT001
    return [decimal(part) for part in value.decode("ascii", "replace").split("\\")]


def _numbers(value: bytes, vr: bytes, _codec: str, big_endian: bool) -> list[Any]:  # noqa: FBT001
    code, size = NUMBER_CODES[vr], NUMBER_BYTES[vr]
    numbers = struct.unpack_from(f"{'>' if big_endian else '<'}{len(value) // size}{code}", value)
    # JSON has no infinity and no "not a number".
    return [None if isinstance(number, float) and not math.isfinite(number) else number for number in numbers]


def _tags(value: bytes, _vr: bytes, _codec: str, big_endian: bool) -> list[Any]:  # noqa: FBT001
    halves = struct.unpack_from(f"{'>' if big_endian else '<'}{len(value) // 4 * 2}H", value)
    return [f"{group:04X}{element:04X}" for group, element in zip(halves[::2], halves[1::2], strict=True)]


def integer(text: str) -> int | None:
    """Read a value of VR IS; none where it is none."""
    stripped = text.strip(" \0")
    return int(stripped) if _INTEGER.fullmatch(stripped) else None


def decimal(text: str) -> float | None:
    """Read a value of VR DS; none where it is none."""
    stripped = text.strip(" \0")
    number = float(stripped) if _DECIMAL.fullmatch(stripped) else math.nan
    return number if math.isfinite(number) else None


def _ordered(vr: bytes, value: bytes, *, big_endian: bool) -> bytes:
    size = NUMBER_BYTES.get(vr, 1)
    if not big_endian or size == 1 or len(value) % size:
        return value
    # Binary values are little endian in JSON (PS3.18 Section F.2.7).
    return b"".join(value[start : start + size][::-1] for start in range(0, len(value), size))


_Reader = Callable[[bytes, bytes, str, bool], list[Any]]
_READERS: Final[dict[bytes, _Reader]] = {
    **dict.fromkeys(b"AE AS CS DA DT LO LT SH ST TM UC UI UR UT".split(), _texts),
    **dict.fromkeys(NUMBER_CODES, _numbers),
    b"PN": _names,
    b"IS": _integers,
    b"DS": _decimals,
    b"AT": _tags,
}
