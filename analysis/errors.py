"""What can go wrong between a series and its report."""

import traceback
from pathlib import Path
from typing import Final

_LONGEST_TEXT: Final = 500


class AnalysisError(Exception):
    """The analysis could not be done."""


class NotApplicable(AnalysisError):
    """The analyzer looked at the series and does not take it; the message says why."""


class InvalidResult(AnalysisError):
    """A result must not be stored.

    Parameters
    ----------
    reasons
        Everything that is wrong with it.
    """

    def __init__(self, reasons: list[str]) -> None:
        self.reasons = list(reasons)
        super().__init__("; ".join(reasons))


class UnknownAnalyzer(AnalysisError):
    """No analyzer has this name."""


class CannotDecode(AnalysisError):
    """The pixel data cannot be decoded."""


def where_raised(error: BaseException) -> str:
    """Say what was raised and where, without the message: it may quote the patient's data."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" in {Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"


def plain(text: object) -> str:
    """Give what a model said as text that a database, a log and a page can take: one line, not too long.

    Control characters and halves of surrogate pairs become spaces.
    """
    said = str(text)[: 2 * _LONGEST_TEXT]
    return " ".join("".join(part if part.isprintable() else " " for part in said).split())[:_LONGEST_TEXT]
