"""What an analyzer says about a series: typed values, without a word of DICOM encoding."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, StrEnum

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Code:
    """A coded concept (PS3.3 8.8): value, coding scheme designator and meaning, spelled as in PS3.16.

    `version` is the Coding Scheme Version, for the few schemes that need one (BI-RADS).
    """

    value: str
    scheme: str
    meaning: str
    version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """A number with its unit.

    Attributes
    ----------
    name
        What was measured.
    value
        The number.
    unit
        UCUM unit, for example ``Code("mm", "UCUM", "millimeter")``.
    derivation
        How it was derived from many values (mean, maximum), if it was.
    """

    name: Code
    value: float
    unit: Code
    derivation: Code | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """A coded answer to a coded question, for example an assessment category."""

    name: Code
    value: Code


class Shape(StrEnum):
    """Form of a `Region`.

    `POLYGON` is closed by itself (do not repeat the first point); `CIRCLE` has two points: centre, and one on its edge.
    """

    POINT = "point"
    POLYLINE = "polyline"
    POLYGON = "polygon"
    CIRCLE = "circle"


class Space(StrEnum):
    """Coordinate system of a region's points: (column, row) in pixels, or (x, y, z) in patient mm (LPS)."""

    PIXEL = "pixel"
    PATIENT = "patient"


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A place on one image.

    Attributes
    ----------
    sop_instance_uid, frame_number
        The image; `frame_number` counts from 1 and is None for a single-frame image.
    points
        In pixels, (0.0, 0.0) is the corner of the top left pixel, its centre is (0.5, 0.5) (PS3.3 C.18.6.1.1);
        in patient space, millimetres, in the plane of the image.
    """

    sop_instance_uid: str
    shape: Shape
    points: tuple[tuple[float, ...], ...]
    space: Space = Space.PIXEL
    frame_number: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Mask:
    """A segmented region.

    Attributes
    ----------
    array
        Boolean, shape (slices, rows, columns), in the order of `SeriesInput.slices`.
    label
        Short text that a person reads.
    category, property_type
        What is segmented (CID 7150 and its children).
    site, laterality
        Where it is; a laterality needs a site.
    colour
        Recommended display colour, RGB, each 0 to 255.
    """

    array: NDArray[np.bool_]
    label: str
    category: Code
    property_type: Code
    site: Code | None = None
    laterality: Code | None = None
    colour: tuple[int, int, int] = (230, 90, 70)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Finding:
    """Something seen or measured, with everything that is known about it.

    Attributes
    ----------
    identifier
        Unique within the result and readable, for example "Nodule 1", 64 characters at most; it becomes the Tracking
        Identifier.
    finding
        What it is; for a measured structure that is not abnormal, the structure.
    abnormal
        False for a measured structure: it does not count as a finding in the summary.
    certainty_percent
        How sure the model is that the finding exists, 0 to 100.
    site, laterality, topography
        Where in the body; laterality and topography say more of a site, and need one.
    region
        Where it is on one image.
    mask
        Index into `Result.masks`, if it was segmented.
    """

    identifier: str
    finding: Code
    abnormal: bool = True
    category: Code | None = None
    site: Code | None = None
    laterality: Code | None = None
    topography: Code | None = None
    certainty_percent: float | None = None
    measurements: tuple[Measurement, ...] = ()
    evaluations: tuple[Evaluation, ...] = ()
    region: Region | None = None
    mask: int | None = None
    comment: str | None = None


class Summary(Enum):
    """Outcome of the run as a whole: CAD Processing and Findings Summary, CID 6047."""

    SUCCEEDED_WITHOUT_FINDINGS = "111241"
    SUCCEEDED_WITH_FINDINGS = "111242"
    PARTLY_FAILED_WITHOUT_FINDINGS = "111243"
    PARTLY_FAILED_WITH_FINDINGS = "111244"
    FAILED = "111245"

    @property
    def complete(self) -> bool:
        """Whether every algorithm succeeded."""
        return self in {Summary.SUCCEEDED_WITHOUT_FINDINGS, Summary.SUCCEEDED_WITH_FINDINGS}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Result:
    """All that an analyzer has to say about one series.

    Attributes
    ----------
    findings
        Findings and measured structures, most important first.
    measurements
        Numbers about the examination as a whole.
    masks
        Segments; findings refer to them by index.
    failed_parts
        Names of algorithms of the model that did not succeed; empty when all did.
    """

    findings: tuple[Finding, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    masks: tuple[Mask, ...] = ()
    failed_parts: Sequence[str] = field(default_factory=tuple)

    @property
    def summary(self) -> Summary:
        """State of the run, as the report says it."""
        found = any(finding.abnormal for finding in self.findings)
        if self.failed_parts:
            return Summary.PARTLY_FAILED_WITH_FINDINGS if found else Summary.PARTLY_FAILED_WITHOUT_FINDINGS
        return Summary.SUCCEEDED_WITH_FINDINGS if found else Summary.SUCCEEDED_WITHOUT_FINDINGS
