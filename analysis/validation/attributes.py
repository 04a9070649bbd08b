"""Attributes that the IODs demand (PS3.3 A.35.13, A.51): Type 1 with a value, Type 2 at least present."""

from collections.abc import Iterator
from typing import Final

from pydicom.dataset import Dataset

from analysis.results.legal import legal_value

_COMMON_TYPE_1: Final = (
    "SOPClassUID",
    "SOPInstanceUID",
    "SpecificCharacterSet",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "SeriesNumber",
    "SeriesDescription",
    "Modality",
    "InstanceNumber",
    "ContentDate",
    "ContentTime",
    "Manufacturer",
    "ManufacturerModelName",
    "DeviceSerialNumber",
    "SoftwareVersions",
    "TimezoneOffsetFromUTC",
    "ContributingEquipmentSequence",
)
_COMMON_TYPE_2: Final = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyDate",
    "StudyTime",
    "StudyID",
    "AccessionNumber",
    "ReferringPhysicianName",
)
_TYPE_1: Final = {
    "SR": (
        "CompletionFlag",
        "VerificationFlag",
        "PreliminaryFlag",
        "CurrentRequestedProcedureEvidenceSequence",
        "ValueType",
        "ConceptNameCodeSequence",
        "ContinuityOfContent",
        "ContentTemplateSequence",
        "ContentSequence",
    ),
    "SEG": (
        "ImageType",
        "ContentLabel",
        "SegmentationType",
        "SegmentSequence",
        "SamplesPerPixel",
        "PhotometricInterpretation",
        "Rows",
        "Columns",
        "BitsAllocated",
        "BitsStored",
        "NumberOfFrames",
        "LossyImageCompression",
        "DimensionOrganizationSequence",
        "DimensionIndexSequence",
        "PerFrameFunctionalGroupsSequence",
        "SharedFunctionalGroupsSequence",
        "ReferencedSeriesSequence",
        "PixelData",
    ),
}
_TYPE_2: Final = {
    "SR": ("ReferencedPerformedProcedureStepSequence", "PerformedProcedureCodeSequence"),
    "SEG": ("ContentDescription", "ContentCreatorName"),
}
_EQUIPMENT_TYPE_1: Final = ("PurposeOfReferenceCodeSequence", "Manufacturer", "DeviceUID")
_STUDY_LEVEL: Final = (
    "StudyInstanceUID",
    "StudyDate",
    "StudyTime",
    "StudyID",
    "AccessionNumber",
    "StudyDescription",
    "ReferringPhysicianName",
    "PatientName",
    "PatientID",
    "IssuerOfPatientID",
    "PatientBirthDate",
)


def missing_attributes(ds: Dataset) -> Iterator[str]:
    """Name what is missing or empty."""
    modality = str(ds.get("Modality"))
    if modality not in _TYPE_1:
        yield f"{modality} is no kind of result"
        return
    for keyword in (*_COMMON_TYPE_1, *_TYPE_1[modality]):
        if is_empty(ds, keyword):
            yield f"{modality}: {keyword} has no value"
    for keyword in (*_COMMON_TYPE_2, *_TYPE_2[modality]):
        if keyword not in ds:
            yield f"{modality}: {keyword} is missing"
    equipment = ds.get("ContributingEquipmentSequence") or ()
    for keyword in (keyword for item in equipment for keyword in _EQUIPMENT_TYPE_1 if is_empty(item, keyword)):
        yield f"{modality}: {keyword} of the contributing equipment has no value"


def differing_attributes(ds: Dataset, image: Dataset) -> Iterator[str]:
    """Name the attributes of patient and study that are not as in the images."""
    for keyword in _STUDY_LEVEL:
        mine, theirs = ds.get(keyword), legal_value(image, keyword)
        if str(mine or "") != str(theirs or ""):
            yield f"{ds.Modality}: {keyword} differs from the images"


def is_empty(ds: Dataset, keyword: str) -> bool:
    """Whether an attribute is absent or has no value."""
    value = ds.get(keyword)
    return value is None or (hasattr(value, "__len__") and len(value) == 0)
