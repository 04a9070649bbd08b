"""The plug-in interface: what an analyzer offers and what it is asked."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from analysis.findings import Code, Result
from analysis.series import SeriesInput

Progress = Callable[[int, str], None]
"""Called with percent done (0 to 100) and a short text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesDescription:
    """What is known of a series before its images are opened.

    Attributes
    ----------
    sop_class_uids
        Every SOP class in the series.
    image_type
        Image Type (0008,0008) of the first instance, for example ``("ORIGINAL", "PRIMARY", "AXIAL")``.
    descriptions
        Texts that may name the body part: study, series and protocol.
    instances
        Number of instances.
    """

    modality: str
    sop_class_uids: frozenset[str]
    body_part_examined: str = ""
    image_type: tuple[str, ...] = ()
    descriptions: tuple[str, ...] = ()
    instances: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Applicability:
    """Whether an analyzer takes a series, and if not, why not."""

    applies: bool
    reason: str = ""

    @classmethod
    def yes(cls) -> "Applicability":
        """Take it."""
        return cls(applies=True)

    @classmethod
    def no(cls, reason: str) -> "Applicability":
        """Leave it, because of `reason`."""
        return cls(applies=False, reason=reason)


@runtime_checkable
class Analyzer(Protocol):
    """A model, or anything else that turns a series into a `Result`.

    Attributes
    ----------
    name, version, manufacturer
        Identity; the version changes whenever the model is retrained.
    family
        Kind of algorithm (CID 7162).
    is_mock
        True marks every object as not for clinical use.
    """

    @property
    def name(self) -> str: ...  # noqa: D102 - see the class

    @property
    def version(self) -> str: ...  # noqa: D102

    @property
    def manufacturer(self) -> str: ...  # noqa: D102

    @property
    def family(self) -> Code: ...  # noqa: D102

    @property
    def is_mock(self) -> bool: ...  # noqa: D102

    def applies_to(self, series: SeriesDescription) -> Applicability:
        """Say, from the index alone, whether this series is worth opening."""
        ...

    def analyze(self, series: SeriesInput, progress: Progress) -> Result:
        """Analyze one series.

        Raises
        ------
        NotApplicable
            If the images turn out not to be what the analyzer is made for: the job is skipped with that reason.
        """
        ...
