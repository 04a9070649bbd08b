"""File meta information (PS3.10 Section 7.1): written by hand, read in pieces."""

import struct
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from archive.errors import NotParsable

PREAMBLE: Final = bytes(128)
PREFIX: Final = b"DICM"
IMPLEMENTATION_CLASS_UID: Final = "2.25.178417294613520904017342815076218401953"
IMPLEMENTATION_VERSION_NAME: Final = "ISOCENTER"

MEDIA_STORAGE_SOP_CLASS_UID: Final = 0x0002_0002
MEDIA_STORAGE_SOP_INSTANCE_UID: Final = 0x0002_0003
TRANSFER_SYNTAX_UID: Final = 0x0002_0010

_GROUP: Final = 0x0002
_SHORT: Final = struct.Struct("<HH2sH")
_LONG: Final = struct.Struct("<HH2sHI")
_LONG_VRS: Final = frozenset((b"OB", b"OW", b"UN", b"UT", b"SQ", b"OF", b"OD", b"OL", b"UC", b"UR"))
_START: Final = len(PREAMBLE) + len(PREFIX)
# A longer file meta information than this is none.
LONGEST: Final = 65_536


def _element(element: int, vr: bytes, value: bytes) -> bytes:
    # UIDs are padded with NUL, text with a space (PS3.5 Section 6.2).
    value += (b"\0" if vr == b"UI" else b" ") * (len(value) % 2)
    return _SHORT.pack(_GROUP, element, vr, len(value)) + value


@lru_cache(maxsize=256)
def _around_instance(sop_class_uid: str, transfer_syntax_uid: str) -> tuple[bytes, bytes]:
    """Return what stands before and after the SOP Instance UID; the same for thousands of objects."""
    before = _LONG.pack(_GROUP, 0x0001, b"OB", 0, 2) + b"\0\1" + _element(0x0002, b"UI", sop_class_uid.encode("ascii"))
    after = (
        _element(0x0010, b"UI", transfer_syntax_uid.encode("ascii"))
        + _element(0x0012, b"UI", IMPLEMENTATION_CLASS_UID.encode("ascii"))
        + _element(0x0013, b"SH", IMPLEMENTATION_VERSION_NAME.encode("ascii"))
    )
    return before, after


def encode(*, sop_class_uid: str, sop_instance_uid: str, transfer_syntax_uid: str) -> bytes:
    """Return preamble, prefix and file meta information of a file (PS3.10 Table 7.1-1)."""
    before, after = _around_instance(sop_class_uid, transfer_syntax_uid)
    instance = _element(0x0003, b"UI", sop_instance_uid.encode("ascii"))
    length = len(before) + len(instance) + len(after)
    group_length = _SHORT.pack(_GROUP, 0x0000, b"UL", 4) + struct.pack("<I", length)
    return b"".join((PREAMBLE, PREFIX, group_length, before, instance, after))


def decode(content: bytes, *, complete: bool = False) -> tuple[Mapping[int, str], int] | None:
    """Read the file meta information at the beginning of a file.

    Group 0002 is read by its elements, not by its group length, which is wrong in many files.

    Parameters
    ----------
    content
        The beginning of the file.
    complete
        There is nothing more than `content`.

    Returns
    -------
    tuple or None
        Values of UI elements by tag, and where the data set begins; None when more content is needed. A file without
        prefix and without group 0002 has no values and begins with its data set.

    Raises
    ------
    NotParsable
        The file meta information is broken.
    """
    if len(content) < _START and not complete:
        return None
    position = _START if content[len(PREAMBLE) : _START] == PREFIX else 0
    if position == 0 and content[: len(PREFIX)] == PREFIX:
        position = len(PREFIX)  # a file without preamble
    try:
        return _elements(content, position)
    except struct.error as error:
        if complete or len(content) >= LONGEST:
            raise NotParsable("The file meta information is broken.") from error
        return None


def _elements(content: bytes, position: int) -> tuple[Mapping[int, str], int]:
    values: dict[int, str] = {}
    while position < len(content):
        group, element, vr, length = _SHORT.unpack_from(content, position)
        if group != _GROUP:
            return values, position
        position += _SHORT.size
        if vr in _LONG_VRS:
            (length,) = struct.unpack_from("<I", content, position)
            position += 4
        if length > LONGEST:
            raise NotParsable("The file meta information is broken.")
        if vr == b"UI":
            values[group << 16 | element] = content[position : position + length].rstrip(b"\0 ").decode("latin_1")
        position += length
    # The data set's first element must be seen to know where it begins.
    raise struct.error
