"""What peers answer queries and retrievals with, in words (PS3.7 Annex C, PS3.4 Tables C.4-1, C.4-2, C.4-3)."""

from types import MappingProxyType
from typing import Final

CANCELED: Final = 0xFE00
WITH_FAILURES: Final = 0xB000
_UNABLE_TO_PROCESS: Final = range(0xC000, 0xD000)
_MEANINGS: Final = MappingProxyType(
    {
        0x0110: "processing failure",
        0x0117: "invalid object instance",
        0x0119: "class and instance conflict",
        0x0122: "SOP class not supported",
        0x0124: "not authorized",
        0x0210: "duplicate invocation",
        0x0211: "unrecognized operation",
        0x0212: "mistyped argument",
        0xA700: "out of resources",
        0xA701: "out of resources: it cannot count the matches",
        0xA702: "out of resources: it cannot send the objects",
        0xA801: "move destination unknown: our AE title is not configured there",
        0xA900: "the identifier does not match the SOP class",
        0xAA00: "none of the frames that were asked for were found",
        WITH_FAILURES: "not all objects were sent",
        CANCELED: "canceled",
    }
)


def in_words(status: int, comment: str = "") -> str:
    """Say what a status means, with the comment of the peer: `A801H move destination unknown (...)`."""
    meaning = _MEANINGS.get(status, "unable to process" if status in _UNABLE_TO_PROCESS else "")
    text = f"{status:04X}H {meaning}".strip()
    return f"{text} ({comment})" if comment else text
