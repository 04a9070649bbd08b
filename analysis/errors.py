"""What can go wrong between a series and its report."""


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
