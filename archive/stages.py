"""Where the time of an ingest goes: counted in the process that does the work, for next to nothing.

An observation is a search among seventeen bounds and two additions to a list, 0.4 µs together, without a lock. CPython
lets another thread run only after a call or at a jump, and between reading and writing one item of a list there is
neither, so that no addition is lost. Were one lost in another Python, a count would be one too low.
"""

from bisect import bisect_left
from enum import IntEnum
from pathlib import Path
from time import perf_counter
from typing import Final, Self

from archive import stage_files
from archive.histograms import SECONDS, SIZES, Layout, Snapshot
from archive.stage_files import StageFile


class Stage(IntEnum):
    """A part of the way of an object. Those of a group are counted once for each group."""

    RECEIVE = 0
    """From its first byte to its last: the sender, the network, and writing to the spool."""
    HEADER = 1
    """Reading its header."""
    FSYNC = 2
    """Making its bytes durable, and waiting for their hash."""
    RENAME = 3
    """Giving the file its name."""
    FOLDER_FSYNC = 4
    """Making the names of a group durable."""
    INDEX = 5
    """Waiting for a turn in the database, and writing the rows of a group."""
    COMMIT = 6
    """Making the rows of a group durable."""
    TOTAL = 7
    """From the last byte of an object to the answer. What the stages between do not add up to was waiting."""


class Count(IntEnum):
    """What became of objects; the names of `archive.index.Outcome` and `REFUSED`."""

    STORED = 0
    DUPLICATE = 1
    REPLACED = 2
    QUARANTINED = 3
    REFUSED = 4
    BYTES = 5
    """Bytes of the data sets that were kept."""


class Level(IntEnum):
    """What is so just now. A process that ended does not count any more."""

    CONNECTIONS = 0
    """Open connections of DICOM peers."""
    HALF_OPEN = 1
    """Those among them that have no association yet."""
    WAITING = 2
    """Objects that wait until the group before them is committed."""


LAYOUT: Final = Layout(stages=len(Stage), counts=len(Count), levels=len(Level))

_BUCKETS_AND_SUM: Final = len(SECONDS) + 2
_SUM: Final = len(SECONDS) + 1
_NANOSECONDS: Final = 1e9
_FIRST_GROUP: Final = LAYOUT.first_group
_GROUP_SUM: Final = _FIRST_GROUP + len(SIZES) + 1
_FIRST_COUNT: Final = LAYOUT.first_count
_FIRST_LEVEL: Final = LAYOUT.first_level


class Stages:
    """The counts of one process. Safe to share between threads.

    Parameters
    ----------
    file
        Where other processes read them; without one they stay in memory.
    """

    def __init__(self, file: StageFile | None = None) -> None:
        self._numbers = file.numbers if file else LAYOUT.empty()
        self._file = file

    @classmethod
    def shared(cls, folder: Path, role: str) -> Self:
        """Count where `read_all` of other processes finds it, at most a second late.

        Raises
        ------
        OSError
            Nothing can be written there.
        """
        return cls(StageFile(folder, role, LAYOUT))

    def observe(self, stage: Stage, seconds: float) -> None:
        """Count one pass through a stage."""
        numbers = self._numbers
        first = stage * _BUCKETS_AND_SUM
        nanoseconds = int(seconds * _NANOSECONDS)
        # The indexes are called for before the items are read: see above.
        numbers[first + bisect_left(SECONDS, seconds)] += 1
        numbers[first + _SUM] += nanoseconds

    def lap(self, stage: Stage, since: float) -> float:
        """Count the time since a reading of `time.perf_counter`; returns the present one: there the next begins."""
        now = perf_counter()
        self.observe(stage, now - since)
        return now

    def group(self, size: int) -> None:
        """Count the objects of one group commit."""
        numbers = self._numbers
        numbers[_FIRST_GROUP + bisect_left(SIZES, size)] += 1
        numbers[_GROUP_SUM] += size

    def count(self, what: Count, amount: int = 1) -> None:
        """Count objects or bytes."""
        self._numbers[_FIRST_COUNT + what] += amount

    def level(self, what: Level, value: int) -> None:
        """Say how much there is of something now."""
        self._numbers[_FIRST_LEVEL + what] = value

    def snapshot(self) -> Snapshot:
        """Return the counts of this process."""
        return Snapshot(layout=LAYOUT, numbers=tuple(self._numbers))

    def close(self) -> None:
        """Write the last counts; they stay, and the next process of this role counts on."""
        if self._file:
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()


def folder_of(data_dir: Path) -> Path:
    """Return where the processes of the node whose data is in `data_dir` write their counts."""
    return data_dir / "stages"


def read_all(folder: Path) -> Snapshot:
    """Return the sum of what all processes counted in `folder`, whether they live or not."""
    return stage_files.read(folder, LAYOUT)
