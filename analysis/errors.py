"""What can go wrong between a series and its report."""

import traceback
from pathlib import Path


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


def where_raised(error: Exception) -> str:
    """Say what was raised and where, without the message: it may quote the patient's data."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" in {Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"
