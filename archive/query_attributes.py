"""The attributes that can be asked for: one row each, from tag to column (PS3.4 Section C.6, PS3.18 Section 10.6).

C-FIND and QIDO-RS both read this table, so that both match and return the same.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto
from types import MappingProxyType

from pydicom.datadict import dictionary_VM, dictionary_VR, keyword_for_tag, tag_for_keyword
from sqlalchemy import Column, Integer, Table

from archive import tables


class Level(StrEnum):
    """Query/retrieve level, with the values of (0008,0052)."""

    PATIENT = "PATIENT"
    STUDY = "STUDY"
    SERIES = "SERIES"
    IMAGE = "IMAGE"

    @property
    def depth(self) -> int:
        """0 for PATIENT to 3 for IMAGE."""
        return _DEPTH[self]


_DEPTH = {level: depth for depth, level in enumerate(Level)}


class Matching(Enum):
    """How the values of a column are compared with a key."""

    TEXT = auto()
    NAME = auto()
    UID = auto()
    DATE = auto()
    TIME = auto()
    NUMBER = auto()
    INTEGER_TEXT = auto()
    COMPUTED = auto()
    SEQUENCE = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """One attribute that queries know.

    Parameters
    ----------
    tag
        The tag as a number, 0x00100020 for Patient ID.
    keyword, vr
        As in PS3.6.
    level
        The level that the attribute belongs to.
    matching
        How it is compared.
    column
        What is returned; none for computed attributes and sequences.
    match_column
        What is compared: the normal form where there is one, else `column`.
    multiple
        True when several values stand in one column, divided by backslashes.
    items
        For a sequence: the attributes of its item.
    """

    tag: int
    keyword: str
    vr: str
    level: Level
    matching: Matching
    column: Column[object] | None = None
    match_column: Column[object] | None = None
    multiple: bool = False
    items: Mapping[int, "Attribute"] = field(default_factory=dict)

    @property
    def normalized(self) -> bool:
        """True when the compared column holds a normal form (see `archive.matching`)."""
        return self.match_column is not self.column


_COLUMNS: dict[Level, tuple[Table, str]] = {
    Level.PATIENT: (
        tables.study,
        """PatientID IssuerOfPatientID PatientName PatientBirthDate PatientBirthTime PatientSex OtherPatientIDs
        EthnicGroup PatientComments""",
    ),
    Level.STUDY: (
        tables.study,
        """StudyInstanceUID StudyDate StudyTime AccessionNumber StudyID StudyDescription ReferringPhysicianName
        NameOfPhysiciansReadingStudy AdmittingDiagnosesDescription TimezoneOffsetFromUTC PatientAge PatientSize
        PatientWeight Occupation AdditionalPatientHistory""",
    ),
    Level.SERIES: (
        tables.series,
        """SeriesInstanceUID Modality SeriesNumber SeriesDescription SeriesDate SeriesTime BodyPartExamined Laterality
        ProtocolName PatientPosition FrameOfReferenceUID Manufacturer ManufacturerModelName InstitutionName
        InstitutionalDepartmentName StationName PerformingPhysicianName OperatorsName
        PerformedProcedureStepStartDate PerformedProcedureStepStartTime PerformedProcedureStepID
        PerformedProcedureStepDescription""",
    ),
    Level.IMAGE: (
        tables.instance,
        """SOPInstanceUID SOPClassUID InstanceNumber ContentDate ContentTime AcquisitionDate AcquisitionTime
        AcquisitionNumber ImageType Rows Columns BitsAllocated NumberOfFrames PhotometricInterpretation
        CompletionFlag VerificationFlag ContentLabel ContentDescription""",
    ),
}

_COMPUTED: Mapping[Level, str] = {
    Level.PATIENT: ("NumberOfPatientRelatedStudies NumberOfPatientRelatedSeries NumberOfPatientRelatedInstances"),
    Level.STUDY: "ModalitiesInStudy SOPClassesInStudy NumberOfStudyRelatedSeries NumberOfStudyRelatedInstances",
    Level.SERIES: "NumberOfSeriesRelatedInstances",
}

_MATCHING_BY_VR = {
    "PN": Matching.NAME,
    "UI": Matching.UID,
    "DA": Matching.DATE,
    "TM": Matching.TIME,
    "US": Matching.NUMBER,
    "IS": Matching.INTEGER_TEXT,
}
_TEXT_OF_ONE_VALUE = frozenset({"LT", "ST", "UT"})
_WORD = re.compile(r"[A-Z]+s?(?=[A-Z][a-z]|$)|[A-Z][a-z]+")


def column_name(keyword: str) -> str:
    """Give a keyword as the tables spell it: "SOPInstanceUID" is "sop_instance_uid"."""
    return "_".join(_WORD.findall(keyword)).lower()


def _tag(keyword: str) -> int:
    tag = tag_for_keyword(keyword)
    if tag is None:
        raise LookupError(keyword)
    return tag


def _attribute(keyword: str, level: Level, table: Table, column: str | None = None) -> Attribute:
    tag = _tag(keyword)
    vr = dictionary_VR(tag)
    name = column or column_name(keyword)
    returned = table.c[name]
    matching = _MATCHING_BY_VR.get(vr, Matching.TEXT)
    if isinstance(returned.type, Integer):
        matching = Matching.NUMBER
    return Attribute(
        tag=tag,
        keyword=keyword,
        vr=vr,
        level=level,
        matching=matching,
        column=returned,
        match_column=table.c.get(f"{name}_match", returned),
        multiple=vr not in _TEXT_OF_ONE_VALUE and dictionary_VM(tag) != "1",
    )


def _computed(keyword: str, level: Level) -> Attribute:
    tag = _tag(keyword)
    return Attribute(
        tag=tag,
        keyword=keyword,
        vr=dictionary_VR(tag),
        level=level,
        matching=Matching.COMPUTED,
        multiple=dictionary_VM(tag) != "1",
    )


def _request_attributes() -> Attribute:
    """Request Attributes Sequence, of which the index keeps the identifiers of the first item."""
    items = [
        _attribute(keyword, Level.SERIES, tables.series)
        for keyword in ("ScheduledProcedureStepID", "RequestedProcedureID")
    ]
    tag = _tag("RequestAttributesSequence")
    return Attribute(
        tag=tag,
        keyword="RequestAttributesSequence",
        vr="SQ",
        level=Level.SERIES,
        matching=Matching.SEQUENCE,
        items=MappingProxyType({item.tag: item for item in items}),
    )


def _all_attributes() -> Iterator[Attribute]:
    for level, (table, keywords) in _COLUMNS.items():
        for keyword in keywords.split():
            yield _attribute(keyword, level, table)
    for level, keywords in _COMPUTED.items():
        for keyword in keywords.split():
            yield _computed(keyword, level)
    yield _attribute("ImageComments", Level.IMAGE, tables.instance, "instance_comments")
    yield _attribute("AvailableTransferSyntaxUID", Level.IMAGE, tables.instance, "transfer_syntax_uid")
    yield _request_attributes()


ATTRIBUTES: Mapping[int, Attribute] = MappingProxyType({entry.tag: entry for entry in _all_attributes()})

UNIQUE_KEYS: Mapping[Level, int] = MappingProxyType(
    {
        Level.PATIENT: _tag("PatientID"),
        Level.STUDY: _tag("StudyInstanceUID"),
        Level.SERIES: _tag("SeriesInstanceUID"),
        Level.IMAGE: _tag("SOPInstanceUID"),
    }
)
"""The unique key of each level (PS3.4 Section C.6.1.1)."""


def attribute_for(text: str) -> int | None:
    """Find a tag by keyword ("PatientID") or by eight hexadecimal digits ("00100020"); none for neither."""
    if re.fullmatch(r"[0-9A-Fa-f]{8}", text):
        tag = int(text, 16)
        return tag if tag in ATTRIBUTES or keyword_for_tag(tag) else None
    return tag_for_keyword(text)
