"""Factories of the mock analyzers, as entry points name them."""

from typing import Any

from analysis.mock.analyzer import MockAnalyzer
from analysis.mock.catalogue import CATALOGUE

_ENTRIES = {entry.model: entry for entry in CATALOGUE}


def ct_chest(**options: Any) -> MockAnalyzer:
    """Make the mock for CT of the chest (and of what no other mock takes)."""
    return MockAnalyzer(_ENTRIES["mock-ct-chest"], **options)


def ct_head(**options: Any) -> MockAnalyzer:
    """Make the mock for CT of the head."""
    return MockAnalyzer(_ENTRIES["mock-ct-head"], **options)


def xr_chest(**options: Any) -> MockAnalyzer:
    """Make the mock for CR and DX."""
    return MockAnalyzer(_ENTRIES["mock-xr-chest"], **options)


def mg_breast(**options: Any) -> MockAnalyzer:
    """Make the mock for mammography."""
    return MockAnalyzer(_ENTRIES["mock-mg-breast"], **options)


def mr_brain(**options: Any) -> MockAnalyzer:
    """Make the mock for MR."""
    return MockAnalyzer(_ENTRIES["mock-mr-brain"], **options)


def us_thyroid(**options: Any) -> MockAnalyzer:
    """Make the mock for ultrasound."""
    return MockAnalyzer(_ENTRIES["mock-us-thyroid"], **options)


def pt_lesion(**options: Any) -> MockAnalyzer:
    """Make the mock for PET."""
    return MockAnalyzer(_ENTRIES["mock-pt-lesion"], **options)
