"""Says in the log, once, that space runs short, and once that there is enough again."""

from typing import Final

import structlog

from archive import space
from archive.space import Shortage, Space
from config.sections import StorageSettings

_log = structlog.get_logger()
# Somebody who writes and deletes at a watermark is not told each time.
_ENOUGH_PERCENT: Final = 105


class SpaceWatch:
    """Remembers what was said last.

    Parameters
    ----------
    storage
        Where to look, and the watermarks.
    """

    def __init__(self, storage: StorageSettings) -> None:
        self._storage = storage
        self._said: Shortage | None = None

    def look(self) -> None:
        """Say what has changed.

        Raises
        ------
        StorageFailed
            The volume is not there.
        """
        found = space.look(self._storage)
        shortage = found.shortage
        if shortage is self._said or (_is_better(shortage, self._said) and not self._is_enough(found)):
            return
        self._say(shortage, found)
        self._said = shortage

    def _is_enough(self, found: Space) -> bool:
        """Tell whether there is more than just what ends the shortage."""
        mark = found.reserved_bytes if self._said is Shortage.REFUSING else found.warning_bytes
        return found.free_bytes * 100 >= mark * _ENOUGH_PERCENT

    def _say(self, shortage: Shortage | None, found: Space) -> None:
        figures = {
            "free_bytes": found.free_bytes,
            "warning_bytes": found.warning_bytes,
            "reserved_bytes": found.reserved_bytes,
        }
        if shortage is Shortage.REFUSING:
            _log.error("storage_refusing", **figures)
        elif shortage is Shortage.LOW:
            _log.warning("storage_low", **figures)
        else:
            _log.info("storage_recovered", **figures)


def _is_better(shortage: Shortage | None, before: Shortage | None) -> bool:
    order = (None, Shortage.LOW, Shortage.REFUSING)
    return order.index(shortage) < order.index(before)
