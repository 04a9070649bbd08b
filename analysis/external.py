"""Analyzers that run elsewhere: an engine of somebody else's claims their jobs as workitems (PS3.4 Annex CC)."""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from analysis.analyzers import Applicability, Progress, SeriesDescription
from analysis.codes import ARTIFICIAL_INTELLIGENCE
from analysis.errors import UnknownAnalyzer
from analysis.findings import Code, Result
from analysis.series import SeriesInput


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalAnalyzer:
    """An analyzer that this node schedules and never runs.

    Attributes
    ----------
    modality, body_part
        Values of the series that it takes; `*` and `?` are wildcards. Any when empty.
    """

    name: str
    version: str
    manufacturer: str = ""
    modality: Sequence[str] = ()
    body_part: Sequence[str] = ()
    family: Code = ARTIFICIAL_INTELLIGENCE
    is_mock: bool = False

    def applies_to(self, series: SeriesDescription) -> Applicability:
        """Take what the configuration says."""
        if not _matches(self.modality, series.modality):
            return Applicability.no(f"not of modality {', '.join(self.modality)}")
        if not _matches(self.body_part, series.body_part_examined):
            return Applicability.no(f"not of body part {', '.join(self.body_part)}")
        return Applicability.yes()

    def analyze(self, series: SeriesInput, progress: Progress) -> Result:
        """Refuse: there is nothing here that could."""
        del series, progress
        raise UnknownAnalyzer(f"{self.name} is performed elsewhere")


def _matches(wanted: Sequence[str], value: str) -> bool:
    return not wanted or any(fnmatchcase(value.casefold(), pattern.casefold()) for pattern in wanted)
