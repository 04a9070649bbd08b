"""The analyzer "ct-lung-densitometry"."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from analysis.analyzers import Applicability, Progress, SeriesDescription
from analysis.body_parts import BodyPart, body_part_of
from analysis.codes import (
    ANATOMICAL_STRUCTURE,
    BILATERAL,
    HISTOGRAM_ANALYSIS,
    HOUNSFIELD,
    LEFT,
    LUNG,
    MEAN_ATTENUATION,
    MILLILITER,
    PERCENT,
    RIGHT,
    VOLUME,
)
from analysis.densitometry.density import Density, density_of, histogram_of
from analysis.errors import NotApplicable
from analysis.findings import Code, Finding, Mask, Measurement, Result
from analysis.series import SeriesInput, Volume, stack_geometry

if TYPE_CHECKING:
    from analysis.densitometry.lungs import Lungs

# PS3.16 has no code for either figure. LAA-950 is an amount of emphysema; Perc15 is the intensity that 85 % of the
# volume exceeds. The meanings keep the names that radiologists use.
LAA_950 = Code("87433001", "SCT", "Pulmonary emphysema (LAA-950)")
PERC_15 = Code("GBPN", "IBSI", "15th percentile of attenuation (Perc15)")

_CT = frozenset({"1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.2.1", "1.2.840.10008.5.1.4.1.1.2.2"})
_FEWEST_SLICES = 20
_WIDEST_SPACING_MM = 5.0


class LungDensitometry:
    """Measures both lungs on a chest CT.

    It takes original axial slices in Hounsfield units, at most 5 mm apart, that cover the lungs from apex to base.
    """

    name = "ct-lung-densitometry"
    version = "1.0.0"
    manufacturer = "Isocenter"
    family = HISTOGRAM_ANALYSIS
    is_mock = False

    def applies_to(self, series: SeriesDescription) -> Applicability:
        """Take original axial CT of the chest, or of a part that nobody named."""
        image_type = tuple(part.upper() for part in series.image_type)
        if series.modality != "CT" or not series.sop_class_uids <= _CT:
            return Applicability.no("not a CT")
        if image_type[:2] != ("ORIGINAL", "PRIMARY") or "LOCALIZER" in image_type:
            return Applicability.no("not original axial images")
        if body_part_of(series) not in {BodyPart.CHEST, None}:
            return Applicability.no("not a chest")
        multi_frame = "1.2.840.10008.5.1.4.1.1.2" not in series.sop_class_uids
        if series.instances < _FEWEST_SLICES and not multi_frame:
            return Applicability.no(f"fewer than {_FEWEST_SLICES} slices")
        return Applicability.yes()

    def analyze(self, series: SeriesInput, progress: Progress) -> Result:
        """Segment the lungs and measure them."""
        _require_suitable(series)
        progress(10, "Reading images")
        volume = series.volume
        progress(40, "Segmenting lungs")
        # SciPy, which takes a third of a second; who only asks what this is for does without it.
        from analysis.densitometry.lungs import segment_lungs  # noqa: PLC0415

        lungs = segment_lungs(volume)
        progress(70, "Measuring density")
        return Result(findings=tuple(_findings(volume, lungs)), masks=_masks(lungs))


def _require_suitable(series: SeriesInput) -> None:
    """Check what only the headers tell.

    Raises
    ------
    NotApplicable
        If the geometry or the unit is wrong.
    """
    spacing_mm, affine = stack_geometry(series.slices)
    if len(series.slices) < _FEWEST_SLICES:
        raise NotApplicable(f"fewer than {_FEWEST_SLICES} slices")
    if spacing_mm[0] > _WIDEST_SPACING_MM + 1e-3:
        raise NotApplicable(f"slices are more than {_WIDEST_SPACING_MM:g} mm apart")
    upright = 0.94  # cosine of 20 degrees
    if abs(float(affine[2, 0])) / spacing_mm[0] < upright:
        raise NotApplicable("slices are not axial")
    if str(series.header.get("RescaleType") or "HU").upper() not in {"HU", "HU_MOD"}:
        raise NotApplicable("pixel values are not in Hounsfield units")


def _findings(volume: Volume, lungs: "Lungs") -> Iterator[Finding]:
    """Measure both lungs together, then each."""
    voxel_ml = float(np.prod(volume.spacing_mm)) / 1000
    right, left = (histogram_of(volume.array, mask) for mask in (lungs.right, lungs.left))
    yield _finding("Both lungs", BILATERAL, right + left, voxel_ml, None)
    yield _finding("Right lung", RIGHT, right, voxel_ml, 0)
    yield _finding("Left lung", LEFT, left, voxel_ml, 1)


def _finding(
    identifier: str, laterality: Code, histogram: NDArray[np.int64], voxel_ml: float, mask: int | None
) -> Finding:
    return Finding(
        identifier=identifier,
        finding=LUNG,
        abnormal=False,
        site=LUNG,
        laterality=laterality,
        measurements=_measurements(density_of(histogram, voxel_ml)),
        mask=mask,
    )


def _measurements(density: Density) -> tuple[Measurement, ...]:
    return (
        Measurement(name=VOLUME, value=round(density.volume_ml, 1), unit=MILLILITER),
        Measurement(name=MEAN_ATTENUATION, value=round(density.mean_hu, 1), unit=HOUNSFIELD),
        Measurement(name=LAA_950, value=round(density.laa950_percent, 2), unit=PERCENT),
        Measurement(name=PERC_15, value=density.perc15_hu, unit=HOUNSFIELD),
    )


def _masks(lungs: "Lungs") -> tuple[Mask, ...]:
    named = (("Right lung", lungs.right, RIGHT, (94, 160, 220)), ("Left lung", lungs.left, LEFT, (120, 200, 150)))
    return tuple(
        Mask(
            array=array,
            label=label,
            category=ANATOMICAL_STRUCTURE,
            property_type=LUNG,
            site=LUNG,
            laterality=laterality,
            colour=colour,
        )
        for label, array, laterality, colour in named
    )
