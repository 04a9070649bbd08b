"""A mock analyzer: takes its time, then says something plausible out of the catalogue."""

import hashlib
import time
from collections.abc import Sequence

import numpy as np

from analysis.analyzers import Applicability, Progress, SeriesDescription
from analysis.body_parts import body_part_of
from analysis.codes import (
    ABNORMAL_STRUCTURE,
    AREA,
    ARTIFICIAL_INTELLIGENCE,
    DIAMETER,
    LEFT,
    MILLILITER,
    MILLIMETER,
    PIXELS,
    RIGHT,
    SQUARE_MILLIMETER,
    VOLUME,
)
from analysis.findings import Code, Evaluation, Finding, Mask, Measurement, Region, Result, Shape
from analysis.images import is_image
from analysis.mock.catalogue import CATALOGUE, Entry, Kind
from analysis.mock.faults import SLOW_SECONDS, Fault, commit, fault_of
from analysis.mock.placing import Spot, ball, choose_spot
from analysis.series import SeriesInput

NORMAL_SHARE = 0.4
_ASSESSMENT = Code("111005", "DCM", "Assessment Category")
_TICKS = 10
_STEPS = ("Preparing", "Detecting", "Characterising", "Measuring")


class MockAnalyzer:
    """One model of the catalogue.

    Parameters
    ----------
    entry
        What it can find.
    delay_seconds
        Range of its simulated processing time.
    """

    version = "1.0.0"
    manufacturer = "Isocenter (mock)"
    family = ARTIFICIAL_INTELLIGENCE
    is_mock = True

    def __init__(self, entry: Entry, *, delay_seconds: Sequence[float] = (30.0, 60.0)) -> None:
        self._entry = entry
        self._delay_seconds = (float(delay_seconds[0]), float(delay_seconds[1]))
        self.name = entry.model

    def applies_to(self, series: SeriesDescription) -> Applicability:
        """Take the images of its modality and body part; the modality's fallback also takes all others."""
        if series.modality not in self._entry.modalities:
            return Applicability.no(f"not {' or '.join(sorted(self._entry.modalities))}")
        if not is_image(series):
            return Applicability.no("not images to be analysed")
        part = body_part_of(series)
        taken = {entry.body_part for entry in CATALOGUE if series.modality in entry.modalities}
        if part == self._entry.body_part or (self._entry.fallback and part not in taken):
            return Applicability.yes()
        return Applicability.no(f"not the {self._entry.body_part.value}")

    def analyze(self, series: SeriesInput, progress: Progress) -> Result:
        """Take its time, then make up a result that depends on nothing but study, model and version."""
        rng = np.random.default_rng(self._seed(series.study_instance_uid))
        fault = fault_of(str(series.header.get("PatientID") or ""))
        delay = float(rng.uniform(*self._delay_seconds))
        _work(max(3 * delay, SLOW_SECONDS) if fault is Fault.SLOW else delay, progress)
        commit(fault)
        if rng.random() < NORMAL_SHARE:
            return Result()
        kinds = rng.permutation(len(self._entry.kinds))[: int(rng.integers(1, 3))]
        findings: list[Finding] = []
        masks: list[Mask] = []
        for number, kind in enumerate((self._entry.kinds[index] for index in kinds), 1):
            finding, mask = _make(series, kind, number, len(masks), rng)
            findings.append(finding)
            masks.extend([mask] if mask is not None else [])
        return Result(findings=tuple(findings), masks=tuple(masks))

    def _seed(self, study_instance_uid: str) -> int:
        text = f"{study_instance_uid}\n{self.name}\n{self.version}"
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def _work(seconds: float, progress: Progress) -> None:
    """Let the time pass, and say so."""
    for tick in range(_TICKS):
        progress(tick * 100 // _TICKS, _STEPS[tick * len(_STEPS) // _TICKS])
        time.sleep(seconds / _TICKS)


def _make(
    series: SeriesInput, kind: Kind, number: int, mask_index: int, rng: np.random.Generator
) -> tuple[Finding, Mask | None]:
    spot = choose_spot(series, kind, rng)
    item = series.slices[spot.slice_index]
    site = kind.sites[spot.slice_index * len(kind.sites) // len(series.slices)]
    laterality = _laterality(series, spot) if kind.lateral else None
    identifier = f"{kind.label} {number}"
    array = ball(series, spot)
    mask = None
    if array is not None:
        mask = Mask(
            array=array,
            label=identifier,
            category=ABNORMAL_STRUCTURE,
            property_type=kind.finding,
            site=site,
            laterality=laterality,
            colour=kind.colour,
        )
    finding = Finding(
        identifier=identifier,
        finding=kind.finding,
        category=ABNORMAL_STRUCTURE,
        site=site,
        laterality=laterality,
        certainty_percent=round(float(rng.uniform(55.0, 98.0)), 1),
        measurements=(*_sizes(series, spot, mask), *_figures(kind, rng)),
        evaluations=_assessment(kind, rng),
        region=Region(
            sop_instance_uid=item.sop_instance_uid,
            frame_number=item.frame_number,
            shape=Shape.POLYGON,
            points=spot.outline(),
        ),
        mask=mask_index if mask is not None else None,
        comment=kind.comment,
    )
    return finding, mask


def _laterality(series: SeriesInput, spot: Spot) -> Code:
    """Say right or left: what the image says (mammography), else by the side of the body that the spot is on."""
    item = series.slices[spot.slice_index]
    said = str(item.header.get("ImageLaterality") or item.header.get("Laterality") or "")
    if said in {"R", "L"}:
        return RIGHT if said == "R" else LEFT
    # Columns grow towards the patient's left, as in radiological display, unless the plane says otherwise.
    towards_left = item.plane is None or item.plane.along_row[0] >= 0
    return LEFT if spot.left_of_body == towards_left else RIGHT


def _sizes(series: SeriesInput, spot: Spot, mask: Mask | None) -> list[Measurement]:
    """Measure what was drawn: diameter and area or volume, in pixels where the image has no scale."""
    item = series.slices[spot.slice_index]
    spacing = item.pixel_spacing_mm
    if spacing is None:
        return [Measurement(name=DIAMETER, value=round(2 * spot.radius, 1), unit=PIXELS)]
    sizes = [Measurement(name=DIAMETER, value=round(2 * spot.radius * spacing[1], 1), unit=MILLIMETER)]
    area_mm2 = float(np.pi * spot.radius**2 * spacing[0] * spacing[1])
    sizes.append(Measurement(name=AREA, value=round(area_mm2, 1), unit=SQUARE_MILLIMETER))
    if mask is not None and series.has_frame_of_reference:
        radius_mm = spot.radius * spacing[1]
        volume_ml = 4.0 / 3.0 * np.pi * radius_mm**3 / 1000.0
        sizes.append(Measurement(name=VOLUME, value=round(float(volume_ml), 2), unit=MILLILITER))
    return sizes


def _figures(kind: Kind, rng: np.random.Generator) -> list[Measurement]:
    return [
        Measurement(
            name=figure.name,
            value=round(float(rng.uniform(figure.low, figure.high)), figure.digits),
            unit=figure.unit,
            derivation=figure.derivation,
        )
        for figure in kind.figures
    ]


def _assessment(kind: Kind, rng: np.random.Generator) -> tuple[Evaluation, ...]:
    if not kind.assessments:
        return ()
    return (Evaluation(name=_ASSESSMENT, value=kind.assessments[int(rng.integers(len(kind.assessments)))]),)
