"""Builds data elements byte by byte, right ones and wrong ones, in explicit VR little endian."""

import struct

UNDEFINED = 0xFFFF_FFFF
ITEM_END = struct.pack("<HHI", 0xFFFE, 0xE00D, 0)
SEQUENCE_END = struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)


def short(tag: int, vr: bytes, value: bytes) -> bytes:
    """Return an element with a 16-bit length."""
    return struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr, len(value)) + value


def long(tag: int, vr: bytes, value: bytes, length: int | None = None) -> bytes:
    """Return an element with a 32-bit length."""
    stated = len(value) if length is None else length
    return struct.pack("<HH2sHI", tag >> 16, tag & 0xFFFF, vr, 0, stated) + value


def implicit(tag: int, value: bytes, length: int | None = None) -> bytes:
    """Return an element with implicit VR."""
    return struct.pack("<HHI", tag >> 16, tag & 0xFFFF, len(value) if length is None else length) + value


def item(content: bytes, length: int | None = None) -> bytes:
    """Return an item of a sequence."""
    return struct.pack("<HHI", 0xFFFE, 0xE000, len(content) if length is None else length) + content


def identity() -> bytes:
    """Return the elements without which no object is one."""
    return (
        short(0x0008_0016, b"UI", b"1.2.840.10008.5.1.4.1.1.2\0")
        + short(0x0008_0018, b"UI", b"1.2.3.4.5\0")
        + short(0x0020_000D, b"UI", b"1.2.3\0")
        + short(0x0020_000E, b"UI", b"1.2.3.4\0")
    )
