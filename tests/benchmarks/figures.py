"""Figures of several rounds: what is typical, how far apart they are, and whether a goal is reached."""

import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """The median of some values, and their least and greatest."""

    median: float
    least: float
    greatest: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Self:
        """Summarize values; at least one."""
        found = list(values)
        return cls(median=statistics.median(found), least=min(found), greatest=max(found))

    def text(self, unit: str = "", digits: int = 0) -> str:
        """Write the median, and the range in brackets."""
        if self.least == self.greatest:
            return f"{self.median:,.{digits}f}{unit}"
        return f"{self.median:,.{digits}f}{unit} ({self.least:,.{digits}f}–{self.greatest:,.{digits}f})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What a figure should be: at least, or at most, some value."""

    value: float
    at_most: bool = False
    unit: str = ""

    def is_reached(self, figure: float) -> bool:
        """Tell whether a figure is good enough."""
        return figure <= self.value if self.at_most else figure >= self.value

    def text(self) -> str:
        """Write the goal."""
        return f"{'≤' if self.at_most else '≥'} {self.value:g}{self.unit}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One figure beside its goal; `peer` is the same of Orthanc where it was measured."""

    what: str
    figure: float
    text: str
    goal: Goal | None = None
    peer: str = "–"

    def row(self) -> tuple[str, str, str, str, str]:
        """Give the cells of its row: what, figure, Orthanc's, goal, reached."""
        goal = self.goal.text() if self.goal else "–"
        return self.what, self.text, self.peer, goal, yes_or_no(self.goal, self.figure)


def yes_or_no(goal: Goal | None, figure: float) -> str:
    """Write whether a goal is reached."""
    if goal is None:
        return "–"
    return "yes" if goal.is_reached(figure) else "**no**"
