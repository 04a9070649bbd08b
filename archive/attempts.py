"""How often a transaction is tried: at once, or after a pause, until the time is over."""

import random
import time
from contextlib import AbstractContextManager, nullcontext
from typing import Final

from sqlalchemy.exc import DataError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from archive.errors import CommitUnknown, DatabaseUnavailable, InvalidQuery
from archive.transient import Cause, cause_of, storage_error
from archive.turns import Turns

# Another writer of SQLite is done within a millisecond or two; a server that is away stays so for longer.
_FIRST_PAUSES: Final = {Cause.BUSY: 0.000_2, Cause.CONFLICT: 0.005}
_LONGEST_PAUSES: Final = {Cause.BUSY: 0.004, Cause.CONFLICT: 0.25}
_GROWTH: Final = 1.6


class Attempts:
    """Decides after a failed transaction whether, and when, to try again.

    Parameters
    ----------
    deadline_seconds
        How long to go on.

    Attributes
    ----------
    commits
        Set before a commit is asked for: from then on a failure does not mean that nothing was written.
    """

    def __init__(self, deadline_seconds: float) -> None:
        self._end = time.monotonic() + deadline_seconds
        self._pauses = dict(_FIRST_PAUSES)
        self.commits = False

    @property
    def seconds_left(self) -> float:
        """How long to go on still."""
        return self._end - time.monotonic()

    def turn_of(self, turns: Turns | None) -> AbstractContextManager[None]:
        """Return the context of a writer's turn, which is waited for no longer than the rest of the time."""
        return turns.within(self.seconds_left) if turns else nullcontext()

    def pause_after(self, error: DBAPIError | PoolTimeout) -> float:
        """Return the seconds to wait before the next attempt, or raise what the caller shall see."""
        if isinstance(error, DataError):
            # PostgreSQL's driver refuses NUL in a text before the server sees it: the next attempt would be no better.
            raise InvalidQuery("A value is none that the database can hold.") from error
        if isinstance(error, DBAPIError):
            failure = storage_error(error)
            if failure is not None:
                raise failure from error
        cause = cause_of(error)
        if cause is None:
            raise error
        # Jitter keeps two writers that collided from colliding again in step.
        pause = self._pauses[cause] * random.uniform(0.5, 1.5)  # noqa: S311 - not cryptography
        self._pauses[cause] = min(self._pauses[cause] * _GROWTH, _LONGEST_PAUSES[cause])
        if time.monotonic() + pause > self._end:
            raise (CommitUnknown if self.commits else DatabaseUnavailable) from error
        return pause
