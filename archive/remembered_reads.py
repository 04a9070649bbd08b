"""What was read a moment ago, as long as nothing was committed since: viewers ask for the same things again and again.

SQLite tells in some microseconds whether anybody committed anything. Whatever changes is therefore seen by the next
read, as if nothing were remembered; other databases have no such number, and are asked each time.
"""

from collections.abc import Callable, Hashable
from typing import Concatenate, Final, Generic, ParamSpec, TypeVar

from sqlalchemy import Connection

from archive.database import AsyncDatabase
from archive.threaded_database import ThreadedDatabase, read_briefly

P = ParamSpec("P")
T = TypeVar("T")

_MOST: Final = 4096


class RememberedReads(Generic[T]):
    """Reads of one kind, used by the event loop only.

    Parameters
    ----------
    database
        What is read. It is used, not owned.
    most
        How many are remembered.
    """

    def __init__(self, database: AsyncDatabase, most: int = _MOST) -> None:
        self._database = database
        self._most = most
        self._state: int | None = None
        self._known: dict[Hashable, T] = {}

    async def read(
        self, key: Hashable, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Return what `function(connection, …)` reads, or has read under this key since the last commit."""
        state = self._database.state() if isinstance(self._database, ThreadedDatabase) else None
        if state is None:
            return await read_briefly(self._database, function, *args, **kwargs)
        if state != self._state:
            self._known.clear()
            self._state = state
        if key in self._known:
            return self._known[key]
        found = await read_briefly(self._database, function, *args, **kwargs)
        # What was read is of this state or a later one; of a later one the next look tells, and reads again.
        if self._state == state:
            if len(self._known) >= self._most:
                self._known.clear()
            self._known[key] = found
        return found
