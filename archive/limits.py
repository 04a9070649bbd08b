"""Limits of what the archive takes apart: high enough for any real object, low enough to stay harmless."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds for reading one data set.

    Parameters
    ----------
    depth
        Sequences inside each other.
    elements
        Elements and items together. A sparsely tiled slide of 60,000 frames has about 700,000.
    value_bytes
        How much of one value is read for the index.
    inflated_bytes
        Size of a deflated data set (PS3.5 Section A.5) once inflated: about 1,000 times its transferred size in the
        worst case, and whoever shows it later has to hold it.
    """

    depth: int = 100
    elements: int = 700_000
    value_bytes: int = 16_384
    inflated_bytes: int = 256 * 1024 * 1024
