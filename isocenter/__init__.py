"""Composition root and public face of the node; plug-in authors import only this package."""

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from analysis.analyzers import Analyzer, Applicability, Progress, SeriesDescription
    from analysis.errors import NotApplicable
    from analysis.findings import Code, Evaluation, Finding, Mask, Measurement, Region, Result, Shape, Space
    from analysis.series import SeriesInput, Slice, Volume

__all__ = [
    "Analyzer",
    "Applicability",
    "Code",
    "Evaluation",
    "Finding",
    "Mask",
    "Measurement",
    "NotApplicable",
    "Progress",
    "Region",
    "Result",
    "SeriesDescription",
    "SeriesInput",
    "Shape",
    "Slice",
    "Space",
    "Volume",
]

_HOMES: Final = {
    "analysis.analyzers": ("Analyzer", "Applicability", "Progress", "SeriesDescription"),
    "analysis.errors": ("NotApplicable",),
    "analysis.findings": (
        "Code",
        "Evaluation",
        "Finding",
        "Mask",
        "Measurement",
        "Region",
        "Result",
        "Shape",
        "Space",
    ),
    "analysis.series": ("SeriesInput", "Slice", "Volume"),
}


def __getattr__(name: str) -> Any:
    """Import a plug-in type when it is asked for: the command line must not pay for numpy."""
    for module, names in _HOMES.items():
        if name in names:
            return getattr(importlib.import_module(module), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
