"""UIDs as types, and the rule for a valid one (PS3.5 Section 9.1)."""

import re
from functools import lru_cache
from typing import NewType

StudyInstanceUID = NewType("StudyInstanceUID", str)
SeriesInstanceUID = NewType("SeriesInstanceUID", str)
SOPInstanceUID = NewType("SOPInstanceUID", str)
SOPClassUID = NewType("SOPClassUID", str)
TransferSyntaxUID = NewType("TransferSyntaxUID", str)

MAX_UID_LENGTH = 64
# Components of digits; leading zeros are tolerated because scanners in the field send them and the value is never
# used as anything but an opaque key.
_UID = re.compile(r"[0-9]+(\.[0-9]+)*")


def is_valid_uid(text: str) -> bool:
    """Tell whether `text` may be kept as a UID: at most 64 characters, digits and dots only (PS3.5 Section 9.1)."""
    # The length first, so that nothing long is remembered.
    return 0 < len(text) <= MAX_UID_LENGTH and _has_its_form(text)


@lru_cache(maxsize=1024)
def _has_its_form(text: str) -> bool:
    # Of the same object each UID is looked at several times, of the same series most are the same.
    return _UID.fullmatch(text) is not None
