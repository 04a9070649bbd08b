"""Measurement groups of a report: PS3.16 TID 1410 (planar), TID 1411 (volumetric), TID 1501 (no region)."""

from collections.abc import Iterator, Sequence

from pydicom.dataset import Dataset

from analysis.codes import CERTAINTY, MILLILITER, PERCENT, VOLUME
from analysis.findings import Code, Evaluation, Finding, Measurement
from analysis.results.items import CONTAINS, CONTEXT, MODIFIER, code, container, number, text, uid_reference
from analysis.results.regions import region_item
from analysis.results.run import Algorithm, Run
from analysis.results.segment_reference import SegmentReference

MEASUREMENT_GROUP = Code("125007", "DCM", "Measurement Group")
TRACKING_IDENTIFIER = Code("112039", "DCM", "Tracking Identifier")
TRACKING_UID = Code("112040", "DCM", "Tracking Unique Identifier")
FINDING = Code("121071", "DCM", "Finding")
FINDING_CATEGORY = Code("276214006", "SCT", "Finding category")
FINDING_SITE = Code("363698007", "SCT", "Finding Site")
LATERALITY = Code("272741003", "SCT", "Laterality")
TOPOGRAPHY = Code("106233006", "SCT", "Topographical modifier")
DERIVATION = Code("121401", "DCM", "Derivation")
COMMENT = Code("121106", "DCM", "Comment")

_ALGORITHM_NAME = Code("111001", "DCM", "Algorithm Name")
_ALGORITHM_VERSION = Code("111003", "DCM", "Algorithm Version")
_ALGORITHM_MANUFACTURER = Code("122405", "DCM", "Algorithm Manufacturer")
_ALGORITHM_PARAMETERS = Code("111002", "DCM", "Algorithm Parameters")
_ALGORITHM_FAMILY = Code("111000", "DCM", "Algorithm Family")


def groups_of(run: Run, finding: Finding, segment: SegmentReference | None) -> Iterator[Dataset]:
    """Make the groups of one finding.

    TID 1410 and TID 1411 describe a region in one way each, so a finding with a contour and a segment has a group
    of both, held together by the Tracking UID; volumes belong to the segment.
    """
    if finding.region is not None and segment is not None:
        planar = [item for item in finding.measurements if not _volumetric(item)]
        solid = [item for item in finding.measurements if _volumetric(item)]
        yield _group(run, finding, "1410", planar, [region_item(run.series, finding.region)], judged=True)
        yield _group(run, finding, "1411", solid, segment.content_items(), judged=False)
    elif finding.region is not None:
        region = [region_item(run.series, finding.region)]
        yield _group(run, finding, "1410", finding.measurements, region, judged=True)
    elif segment is not None:
        yield _group(run, finding, "1411", finding.measurements, segment.content_items(), judged=True)
    else:
        yield _group(run, finding, "1501", finding.measurements, [], judged=True)


def algorithm_identification(algorithm: Algorithm) -> Iterator[Dataset]:
    """Say which algorithm it was (TID 4019)."""
    yield text(_ALGORITHM_NAME, algorithm.name, MODIFIER)
    yield text(_ALGORITHM_VERSION, algorithm.version, MODIFIER)
    yield text(_ALGORITHM_MANUFACTURER, algorithm.manufacturer, MODIFIER)
    for parameter in algorithm.parameters:
        yield text(_ALGORITHM_PARAMETERS, parameter, MODIFIER)
    yield code(_ALGORITHM_FAMILY, algorithm.family, MODIFIER)


def measurement_item(measurement: Measurement) -> Dataset:
    """Make a NUM with its derivation (TID 300)."""
    children = [code(DERIVATION, measurement.derivation, MODIFIER)] if measurement.derivation is not None else []
    return number(measurement.name, measurement.value, measurement.unit, CONTAINS, children)


def evaluation_item(evaluation: Evaluation) -> Dataset:
    """Make a coded qualitative evaluation."""
    return code(evaluation.name, evaluation.value)


def _group(
    run: Run,
    finding: Finding,
    template: str,
    measurements: Sequence[Measurement],
    place: Sequence[Dataset],
    *,
    judged: bool,
) -> Dataset:
    """Make one group; certainty, evaluations and comment stand in the finding's first group only."""
    children = [
        text(TRACKING_IDENTIFIER, finding.identifier, CONTEXT),
        uid_reference(TRACKING_UID, run.tracking_uid(finding.identifier), CONTEXT),
    ]
    if finding.category is not None:
        children.append(code(FINDING_CATEGORY, finding.category))
    children.append(code(FINDING, finding.finding))
    children.extend(place)
    children.extend(_site(finding))
    children.extend(algorithm_identification(run.algorithm))
    children.extend(measurement_item(item) for item in measurements)
    if judged:
        children.extend(_judgement(finding))
    return container(MEASUREMENT_GROUP, children, template=template)


def _site(finding: Finding) -> Iterator[Dataset]:
    if finding.site is None:
        return
    modifiers = []
    if finding.laterality is not None:
        modifiers.append(code(LATERALITY, finding.laterality, MODIFIER))
    if finding.topography is not None:
        modifiers.append(code(TOPOGRAPHY, finding.topography, MODIFIER))
    yield code(FINDING_SITE, finding.site, MODIFIER, modifiers)


def _judgement(finding: Finding) -> Iterator[Dataset]:
    if finding.certainty_percent is not None:
        yield number(CERTAINTY, finding.certainty_percent, PERCENT)
    yield from (evaluation_item(item) for item in finding.evaluations)
    if finding.comment:
        yield text(COMMENT, finding.comment)


def _volumetric(measurement: Measurement) -> bool:
    return measurement.name == VOLUME or measurement.unit == MILLILITER
