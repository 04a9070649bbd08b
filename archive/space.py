"""How much room is left for objects, and from when on that is said, and nothing more is taken."""

import shutil
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from archive.storage_errors import storage_error
from config.sections import GIBIBYTE, StorageSettings

# A hundredth of the volume is left alone, so that database and logs still have room.
_RESERVED_SHARE: Final = 100
_MOST_RESERVED_BYTES: Final = GIBIBYTE
# A twentieth of a small volume is little, and of a big one enough for weeks: 100 GiB are 200,000 CT slices.
_WARNING_SHARE: Final = 20
_MOST_WARNING_BYTES: Final = 100 * GIBIBYTE
_LEAST_WARNING_RESERVES: Final = 3


class Shortage(StrEnum):
    """How little room there is."""

    LOW = "low"
    REFUSING = "refusing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """The room on the volume that objects are kept on.

    Parameters
    ----------
    free_bytes, total_bytes
        What this process may use, and how large the volume is.
    reserved_bytes
        Free space below which objects are refused (0xA700).
    warning_bytes
        Free space below which that is said beforehand.
    """

    free_bytes: int
    total_bytes: int
    reserved_bytes: int
    warning_bytes: int

    @property
    def shortage(self) -> Shortage | None:
        """How little there is; None when there is enough."""
        if self.free_bytes < self.reserved_bytes:
            return Shortage.REFUSING
        return Shortage.LOW if self.free_bytes < self.warning_bytes else None


def look(storage: StorageSettings) -> Space:
    """Return the room there is now.

    Raises
    ------
    StorageFailed
        The volume is not there.
    """
    try:
        disk = shutil.disk_usage(storage.folder)
    except OSError as error:
        raise storage_error(error) from error
    reserved = storage.reserved_bytes
    if reserved is None:
        reserved = min(disk.total // _RESERVED_SHARE, _MOST_RESERVED_BYTES)
    warning = storage.warning_bytes
    if warning is None:
        warning = max(min(disk.total // _WARNING_SHARE, _MOST_WARNING_BYTES), _LEAST_WARNING_RESERVES * reserved)
    return Space(free_bytes=disk.free, total_bytes=disk.total, reserved_bytes=reserved, warning_bytes=warning)
