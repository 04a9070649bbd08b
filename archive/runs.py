"""What consecutive data sets have in common: images of a series differ in a dozen of their elements.

A run of elements that stood in the data sets before, byte for byte, needs no second reading: it is as well-formed as
it was then, and it holds the same values.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

_HEADER: Final = 8
_TAG: Final = 4
# A comparison costs as much as reading two elements.
_SHORTEST: Final = 3
# So many data sets in a row must miss something before all is learnt anew.
_PATIENCE: Final = 2
_MOST_PIECES: Final = 2_000


@dataclass(frozen=True, slots=True)
class Run:
    """Elements that stood one behind the other.

    Parameters
    ----------
    content
        Their bytes.
    count
        How many they are.
    values
        The wanted ones among their values, by key.
    """

    content: bytes
    count: int
    values: Mapping[int, bytes]


@dataclass(frozen=True, slots=True)
class Piece:
    """One element of a data set.

    Parameters
    ----------
    content
        Its bytes.
    values
        What is wanted of it, by key; None where that cannot be told from these bytes alone.
    """

    content: bytes
    values: Mapping[int, bytes] | None


class Runs:
    """The runs of the data sets that one thread reads. Not to be shared between threads."""

    def __init__(self) -> None:
        # By the first bytes of their first element.
        self.known: dict[bytes, Run] = {}
        self.is_learning = True
        self._previous: frozenset[bytes] = frozenset()
        self._varying: set[bytes] = set()
        self._misses = 0

    def met(self, count: int) -> None:
        """Say how many of the known runs a data set had."""
        self._misses = self._misses + 1 if count < len(self.known) else 0
        if self._misses >= _PATIENCE:
            self._misses = 0
            self.known = {}
            self.is_learning = True

    def learn(self, pieces: Sequence[Piece]) -> None:
        """Learn from a data set's elements what it shares with the one before it."""
        previous, self._previous = self._previous, frozenset(piece.content for piece in pieces[:_MOST_PIECES])
        if not previous:
            return
        self._varying |= {piece.content[:_TAG] for piece in pieces if piece.content not in previous}
        if 2 * len(self._varying) > len(pieces):
            # Another kind of data set than those before.
            self._varying.clear()
            return
        self.known = {run.content[:_HEADER]: run for run in self._runs(pieces)}
        self.is_learning = not self.known

    def _runs(self, pieces: Sequence[Piece]) -> Iterator[Run]:
        together: list[Piece] = []
        for piece in pieces[:_MOST_PIECES]:
            if piece.values is not None and piece.content[:_TAG] not in self._varying:
                together.append(piece)
            else:
                yield from _joined(together)
                together = []
        yield from _joined(together)


def _joined(pieces: Sequence[Piece]) -> Iterator[Run]:
    if len(pieces) >= _SHORTEST:
        values = {key: value for piece in pieces for key, value in (piece.values or {}).items()}
        yield Run(b"".join(piece.content for piece in pieces), len(pieces), values)
