"""Failures of the file system in the words of this node."""

import errno
from typing import Final

from archive.errors import NodeError, StorageFailed, StorageFull

_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def storage_error(error: OSError) -> NodeError:
    """Return what an error of the file system means: no space, or anything else that time alone does not cure."""
    return StorageFull() if error.errno in _FULL else StorageFailed()
