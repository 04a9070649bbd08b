"""What QIDO-RS returns at each level without being asked (PS3.18 Tables 10.6.3-3 to 10.6.3-5)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from archive.query import ATTRIBUTES, Level

_KEYWORDS: Final = {
    Level.STUDY: """StudyDate StudyTime AccessionNumber ModalitiesInStudy ReferringPhysicianName TimezoneOffsetFromUTC
        PatientName PatientID PatientBirthDate PatientSex StudyInstanceUID StudyID StudyDescription
        NumberOfStudyRelatedSeries NumberOfStudyRelatedInstances""",
    Level.SERIES: """Modality TimezoneOffsetFromUTC SeriesDescription SeriesInstanceUID SeriesNumber
        NumberOfSeriesRelatedInstances PerformedProcedureStepStartDate PerformedProcedureStepStartTime
        RequestAttributesSequence StudyInstanceUID""",
    Level.IMAGE: """SOPClassUID SOPInstanceUID TimezoneOffsetFromUTC InstanceNumber Rows Columns BitsAllocated
        NumberOfFrames StudyInstanceUID SeriesInstanceUID AvailableTransferSyntaxUID""",
}
_TAGS: Final = {attribute.keyword: attribute.tag for attribute in ATTRIBUTES.values()}

RETURNED: Final[Mapping[Level, frozenset[int]]] = MappingProxyType(
    {level: frozenset(_TAGS[keyword] for keyword in keywords.split()) for level, keywords in _KEYWORDS.items()}
)

RETRIEVE_URL: Final = 0x00081190
CONSTANTS: Final[Mapping[int, tuple[str, ...]]] = MappingProxyType(
    {0x00080005: ("ISO_IR 192",), 0x00080056: ("ONLINE",)}
)
"""Specific Character Set of the answer, and Instance Availability: all that is here is at hand."""

# Only images have these; the answers for other objects go without them (PS3.18 Table 10.6.3-5).
OF_IMAGES: Final = frozenset(_TAGS[keyword] for keyword in ("Rows", "Columns", "BitsAllocated", "NumberOfFrames"))
# Computed over everything below; `includefield=all` of a long list would be slow for what nobody reads.
_OF_PATIENTS: Final = frozenset(tag for keyword, tag in _TAGS.items() if keyword.startswith("NumberOfPatient"))


def returned(level: Level, *, with_study: bool, with_series: bool) -> frozenset[int]:
    """Give the attributes returned by a resource.

    Parameters
    ----------
    level
        What is searched for.
    with_study, with_series
        Whether those of the levels above are wanted too: where the path does not name the study or series.
    """
    tags = RETURNED[level]
    if with_study:
        tags |= RETURNED[Level.STUDY]
    if with_series:
        tags |= RETURNED[Level.SERIES]
    return tags


def everything(level: Level) -> frozenset[int]:
    """Give all attributes that answers of a level can have: `includefield=all`."""
    known = (entry for entry in ATTRIBUTES.values() if entry.level.depth <= level.depth)
    return frozenset(entry.tag for entry in known) - _OF_PATIENTS
