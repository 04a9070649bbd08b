"""Where on the disk a file system puts the subfolders of a folder, as far as it lets itself be told.

ext4 puts a new file near its folder, and a new folder near the one above. Where it has no journal it does not use an
inode again that was freed a moment ago, but passes over all of them, one by one, for each new file: beside a folder
whose many files were just removed, making a file takes fifty times as long. Subfolders that are said to have nothing to
do with each other (chattr(1), attribute T) are put where most room is.
"""

import array
import fcntl
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

# ioctl numbers and flag of linux/fs.h.
_GET_FLAGS: Final = 0x8008_6601
_SET_FLAGS: Final = 0x4008_6602
_UNRELATED_SUBFOLDERS: Final = 0x0002_0000


def spread_subfolders(folder: Path) -> None:
    """Ask for subfolders that are made from now on to be put apart; where that is not known, nothing changes."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with suppress(OSError):
            flags = array.array("L", [0])
            fcntl.ioctl(descriptor, _GET_FLAGS, flags, True)  # noqa: FBT003 - ioctl has no name for it
            fcntl.ioctl(descriptor, _SET_FLAGS, array.array("L", [flags[0] | _UNRELATED_SUBFOLDERS]))
    finally:
        os.close(descriptor)
