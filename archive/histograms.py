"""Counts as plain rows of integers: how they are laid out, added up, and read as histograms."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from operator import add, sub
from typing import Final, Self

SECONDS: Final = (
    *(0.000_05, 0.000_1, 0.000_2, 0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02),
    *(0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0),
)
"""Upper bounds of the buckets of a stage."""

SIZES: Final = (1, 2, 4, 8, 16, 32, 64, 128)
"""Upper bounds of the buckets of group sizes; the last one has none."""

_NANOSECONDS: Final = 1e9


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where in a row each number is.

    Each stage has its buckets, the one beyond the last bound, and the sum in nanoseconds; then the group sizes in the
    same way; then counts, then levels.

    Parameters
    ----------
    stages, counts, levels
        How many there are.
    """

    stages: int
    counts: int
    levels: int

    @property
    def first_group(self) -> int:
        """Where the group sizes begin."""
        return self.stages * (len(SECONDS) + 2)

    @property
    def first_count(self) -> int:
        """Where the counts begin."""
        return self.first_group + len(SIZES) + 2

    @property
    def first_level(self) -> int:
        """Where the levels begin."""
        return self.first_count + self.counts

    @property
    def length(self) -> int:
        """How many numbers there are."""
        return self.first_level + self.levels

    def empty(self) -> list[int]:
        """Return a row of zeros."""
        return [0] * self.length


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """A distribution.

    Parameters
    ----------
    bounds
        Upper bounds of the buckets, which are part of them.
    buckets
        How many values are in each; the last one has no bound.
    total
        Sum of the values.
    """

    bounds: Sequence[float]
    buckets: Sequence[int]
    total: float

    @property
    def count(self) -> int:
        """How many values there are."""
        return sum(self.buckets)

    def cumulative(self) -> list[int]:
        """Return how many values are below each bound, and how many there are."""
        return list(accumulate(self.buckets))

    def quantile(self, share: float) -> float | None:
        """Return the value below which `share` of all values are; None when there are none.

        Values are taken as spread evenly over their bucket. One beyond the last bound is given as that bound.
        """
        rank = share * self.count
        below = 0
        for number, inside in enumerate(self.buckets[:-1]):
            if inside and below + inside >= rank:
                lower = self.bounds[number - 1] if number else 0.0
                return lower + (self.bounds[number] - lower) * (rank - below) / inside
            below += inside
        return self.bounds[-1] if self.count else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All numbers at one moment.

    Parameters
    ----------
    layout
        Where each is.
    numbers
        The row.
    """

    layout: Layout
    numbers: tuple[int, ...]

    def stage(self, stage: int) -> Histogram:
        """Return the times of a stage, in seconds."""
        first = stage * (len(SECONDS) + 2)
        return self._histogram(SECONDS, first, _NANOSECONDS)

    def groups(self) -> Histogram:
        """Return the sizes of the group commits."""
        return self._histogram(SIZES, self.layout.first_group, 1.0)

    def count(self, what: int) -> int:
        """Return a count."""
        return self.numbers[self.layout.first_count + what]

    def level(self, what: int) -> int:
        """Return a level."""
        return self.numbers[self.layout.first_level + what]

    def __add__(self, other: Self) -> Self:
        return type(self)(layout=self.layout, numbers=tuple(map(add, self.numbers, other.numbers)))

    def __sub__(self, other: Self) -> Self:
        return type(self)(layout=self.layout, numbers=tuple(map(sub, self.numbers, other.numbers)))

    def _histogram(self, bounds: Sequence[float], first: int, unit: float) -> Histogram:
        end = first + len(bounds) + 1
        return Histogram(bounds=bounds, buckets=self.numbers[first:end], total=self.numbers[end] / unit)
