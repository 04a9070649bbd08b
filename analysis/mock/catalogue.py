"""What the mock analyzers can find: by modality and body part."""

from dataclasses import dataclass
from enum import StrEnum

from analysis.body_parts import BodyPart
from analysis.codes import (
    BRAIN,
    BREAST,
    CHEST,
    FRONTAL_LOBE,
    HEART,
    LOWER_LOBE,
    LUNG,
    MAXIMUM,
    MILLIMETER,
    NO_UNITS,
    PARIETAL_LOBE,
    PERCENT,
    PLEURA,
    RATIO,
    SUV_BODY_WEIGHT,
    SUV_UNIT,
    TEMPORAL_LOBE,
    THYROID,
    UPPER_LOBE,
    WHITE_MATTER,
)
from analysis.findings import Code


class Place(StrEnum):
    """Where in the image a finding is put."""

    BODY = "body"
    LUNG = "lung"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A measurement drawn uniformly between `low` and `high`."""

    name: Code
    unit: Code
    low: float
    high: float
    derivation: Code | None = None
    digits: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of finding.

    Attributes
    ----------
    label
        What the Tracking Identifier and the segment are called.
    sites
        Possible sites, from the lowest to the highest slice.
    size_mm
        Range of the diameter.
    lateral
        Whether right and left are told apart.
    assessments
        Choices of an assessment category, if the kind has one.
    """

    label: str
    finding: Code
    sites: tuple[Code, ...]
    size_mm: tuple[float, float]
    place: Place = Place.BODY
    lateral: bool = True
    figures: tuple[Figure, ...] = ()
    assessments: tuple[Code, ...] = ()
    comment: str | None = None
    colour: tuple[int, int, int] = (230, 90, 70)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One mock model.

    Attributes
    ----------
    body_part
        The part that it is made for.
    fallback
        Whether it also takes the modality's series of any other part.
    """

    model: str
    modalities: frozenset[str]
    body_part: BodyPart
    fallback: bool
    kinds: tuple[Kind, ...]


_BI_RADS = (
    Code("II.AC.b.2", "BI", "2 - Benign Finding", "4.0"),
    Code("II.AC.b.3", "BI", "3 - Probably Benign Finding - short interval follow-up", "4.0"),
    Code("II.AC.b.4", "BI", "4 - Suspicious abnormality, biopsy should be considered", "4.0"),
)
_SUV_MAXIMUM = Figure(name=SUV_BODY_WEIGHT, unit=SUV_UNIT, low=3.0, high=14.0, derivation=MAXIMUM)

CATALOGUE: tuple[Entry, ...] = (
    Entry(
        model="mock-ct-chest",
        modalities=frozenset({"CT"}),
        body_part=BodyPart.CHEST,
        fallback=True,
        kinds=(
            Kind(
                label="Nodule",
                finding=Code("27925004", "SCT", "Nodule"),
                sites=(LOWER_LOBE, UPPER_LOBE),
                size_mm=(5.0, 18.0),
                place=Place.LUNG,
            ),
            Kind(
                label="Emphysema",
                finding=Code("87433001", "SCT", "Pulmonary emphysema"),
                sites=(LUNG, UPPER_LOBE),
                size_mm=(20.0, 45.0),
                place=Place.LUNG,
                figures=(Figure(name=Code("118586006", "SCT", "Ratio"), unit=PERCENT, low=4.0, high=25.0),),
                colour=(90, 150, 230),
            ),
            Kind(
                label="Pleural effusion",
                finding=Code("60046008", "SCT", "Pleural effusion"),
                sites=(PLEURA,),
                size_mm=(15.0, 40.0),
                colour=(240, 200, 90),
            ),
        ),
    ),
    Entry(
        model="mock-ct-head",
        modalities=frozenset({"CT"}),
        body_part=BodyPart.HEAD,
        fallback=False,
        kinds=(
            Kind(
                label="Hemorrhage",
                finding=Code("1386000", "SCT", "Intracranial hemorrhage"),
                sites=(TEMPORAL_LOBE, PARIETAL_LOBE, FRONTAL_LOBE),
                size_mm=(8.0, 35.0),
            ),
            Kind(
                label="Midline shift",
                finding=Code("261129000", "SCT", "Midline"),
                sites=(BRAIN,),
                size_mm=(6.0, 10.0),
                lateral=False,
                figures=(
                    Figure(name=Code("110856", "DCM", "Linear Displacement"), unit=MILLIMETER, low=3.0, high=11.0),
                ),
                comment="Midline shift",
                colour=(240, 200, 90),
            ),
        ),
    ),
    Entry(
        model="mock-xr-chest",
        modalities=frozenset({"CR", "DX"}),
        body_part=BodyPart.CHEST,
        fallback=True,
        kinds=(
            Kind(
                label="Pneumothorax",
                finding=Code("36118008", "SCT", "Pneumothorax"),
                sites=(PLEURA,),
                size_mm=(20.0, 60.0),
                colour=(90, 150, 230),
            ),
            Kind(
                label="Consolidation",
                finding=Code("95436008", "SCT", "Lung consolidation"),
                sites=(LUNG,),
                size_mm=(20.0, 70.0),
            ),
            Kind(
                label="Cardiomegaly",
                finding=Code("8186001", "SCT", "Cardiomegaly"),
                sites=(HEART,),
                size_mm=(60.0, 90.0),
                lateral=False,
                figures=(Figure(name=Code("118586006", "SCT", "Ratio"), unit=RATIO, low=0.51, high=0.66, digits=2),),
                comment="Cardiothoracic ratio",
                colour=(240, 200, 90),
            ),
        ),
    ),
    Entry(
        model="mock-mg-breast",
        modalities=frozenset({"MG"}),
        body_part=BodyPart.BREAST,
        fallback=True,
        kinds=(
            Kind(
                label="Mass",
                finding=Code("129788004", "SCT", "Mammographic breast mass"),
                sites=(BREAST,),
                size_mm=(5.0, 25.0),
                assessments=_BI_RADS,
            ),
            Kind(
                label="Calcifications",
                finding=Code("111105", "DCM", "Calcification Cluster"),
                sites=(BREAST,),
                size_mm=(4.0, 15.0),
                figures=(
                    Figure(
                        name=Code("111038", "DCM", "Number of calcifications"),
                        unit=NO_UNITS,
                        low=5,
                        high=25,
                        digits=0,
                    ),
                ),
                assessments=_BI_RADS,
                colour=(240, 200, 90),
            ),
        ),
    ),
    Entry(
        model="mock-mr-brain",
        modalities=frozenset({"MR"}),
        body_part=BodyPart.HEAD,
        fallback=True,
        kinds=(
            Kind(
                label="White matter hyperintensity",
                finding=Code("110702", "DCM", "White Matter T2 Hyperintensity"),
                sites=(WHITE_MATTER,),
                size_mm=(3.0, 14.0),
            ),
        ),
    ),
    Entry(
        model="mock-us-thyroid",
        modalities=frozenset({"US"}),
        body_part=BodyPart.NECK,
        fallback=True,
        kinds=(
            Kind(
                label="Thyroid nodule",
                finding=Code("237495005", "SCT", "Thyroid Nodule"),
                sites=(THYROID,),
                size_mm=(5.0, 28.0),
            ),
        ),
    ),
    Entry(
        model="mock-pt-lesion",
        modalities=frozenset({"PT"}),
        body_part=BodyPart.CHEST,
        fallback=True,
        kinds=(
            Kind(
                label="Lesion",
                finding=Code("52988006", "SCT", "Lesion"),
                sites=(CHEST,),
                size_mm=(10.0, 35.0),
                figures=(_SUV_MAXIMUM,),
            ),
        ),
    ),
)
