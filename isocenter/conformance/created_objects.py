"""Annexes of the conformance statement: the objects that this node makes, and the terms in them (PS3.2 A.8)."""

from collections.abc import Iterator
from types import ModuleType
from typing import Final

from pydicom.datadict import tag_for_keyword

from analysis import codes
from analysis.findings import Code
from analysis.results import groups, report
from analysis.results.run import SRClass
from analysis.results.segment_reference import SEGMENTATION_CLASS
from isocenter.conformance.document import Section, Table, points, section, table
from isocenter.conformance.tables import name_of, sop_classes

# Module, attributes, and what is in them.
_COMMON: Final = (
    (
        "Patient (C.7.1.1)",
        "PatientName PatientID IssuerOfPatientID PatientBirthDate PatientSex",
        "copied from the images; empty where they have no legal value",
    ),
    (
        "General Study, Patient Study (C.7.2.1, C.7.2.2)",
        """StudyInstanceUID StudyDate StudyTime StudyID AccessionNumber ReferringPhysicianName StudyDescription
        ProcedureCodeSequence PatientAge PatientSize PatientWeight""",
        "copied from the images",
    ),
    (
        "Series",
        "Modality SeriesInstanceUID SeriesNumber SeriesDescription SeriesDate SeriesTime",
        "a new series for each run of a model and kind of object; UIDs below 2.25",
    ),
    (
        "General and Enhanced Equipment (C.7.5.1, C.7.5.2)",
        "Manufacturer ManufacturerModelName DeviceSerialNumber SoftwareVersions",
        "this node",
    ),
    (
        "SOP Common (C.12.1)",
        """SOPClassUID SOPInstanceUID SpecificCharacterSet InstanceCreationDate InstanceCreationTime
        TimezoneOffsetFromUTC InstanceNumber ContributingEquipmentSequence ContentQualification""",
        "ISO_IR 192; the model is the contributing equipment; RESEARCH for models that are not for clinical use",
    ),
)
_REPORT: Final = (
    (
        "SR Document Series and General (C.17.1, C.17.2)",
        """ReferencedPerformedProcedureStepSequence PerformedProcedureCodeSequence ContentDate ContentTime
        CompletionFlag CompletionFlagDescription VerificationFlag VerifyingObserverSequence PreliminaryFlag
        CurrentRequestedProcedureEvidenceSequence ReferencedRequestSequence PredecessorDocumentsSequence""",
        "UNVERIFIED and PRELIMINARY; VERIFIED and FINAL, with the observer, when a person has accepted the result",
    ),
    (
        "SR Document Content (C.17.3)",
        "ValueType ConceptNameCodeSequence ContinuityOfContent ContentTemplateSequence ContentSequence",
        "TID 1500 Imaging Measurement Report, with TID 1002, 1004, 1410, 1411, 1419, 1501, 1600",
    ),
)
_SEGMENTATION: Final = (
    (
        "Segmentation Series, Frame of Reference (C.8.20.1, C.7.4.1)",
        """BodyPartExamined PatientPosition FrameOfReferenceUID PositionReferenceIndicator
        ReferencedSeriesSequence""",
        "those of the images",
    ),
    (
        "Segmentation Image, Image Pixel (C.8.20.2, C.7.6.3)",
        """ImageType ContentDate ContentTime ContentLabel ContentDescription ContentCreatorName SegmentationType
        SegmentsOverlap SegmentSequence SamplesPerPixel PhotometricInterpretation NumberOfFrames Rows Columns
        BitsAllocated BitsStored HighBit PixelRepresentation LossyImageCompression LossyImageCompressionRatio
        LossyImageCompressionMethod PixelData""",
        "BINARY, one bit a pixel, uncompressed; empty frames are left out",
    ),
    (
        "Multi-frame Functional Groups and Dimension (C.7.6.16, C.7.6.17)",
        """DimensionOrganizationSequence DimensionIndexSequence SharedFunctionalGroupsSequence
        PerFrameFunctionalGroupsSequence""",
        "Pixel Measures, Plane Position and Orientation, Derivation Image, Frame Content, Segment Identification",
    ),
)
_CLASSES: Final = {
    SRClass.COMPREHENSIVE_3D: "as made",
    SRClass.COMPREHENSIVE: 'for remote AEs with `sr_class = "comprehensive"`: 3D coordinates become 2D ones',
    SRClass.ENHANCED: 'for remote AEs with `sr_class = "enhanced"`: as before, without what the class lacks',
}


def created_objects() -> Section:
    """Describe the IODs of what is made here."""
    classes = [(name_of(one.uid), one.uid, why) for one, why in _CLASSES.items()]
    return section(
        "Created SOP instances",
        "Objects of others are never changed. Results are new instances, in the study of the images that they are "
        "about; each has the modules of the first table.",
        section("All results", _modules(_COMMON)),
        section(
            "Structured reports",
            table(("SOP class", "UID", "When"), classes),
            _modules(_REPORT),
        ),
        section("Segmentations", sop_classes([SEGMENTATION_CLASS]), _modules(_SEGMENTATION)),
        section(
            "Attribute mapping",
            points(
                "Accession Number, Requested Procedure ID and Placer and Filler Order Numbers of the images, where "
                "they have any, are in Referenced Request Sequence.",
                "The accepted form of a report refers to the one before in Predecessor Documents Sequence.",
            ),
        ),
    )


def _modules(rows: tuple[tuple[str, str, str], ...]) -> Table:
    return table(
        ("Module (PS3.3)", "Attributes", "Values"), ((name, _attributes(words), what) for name, words, what in rows)
    )


def _attributes(keywords: str) -> str:
    return ", ".join(f"{keyword} {_tag(keyword)}" for keyword in keywords.split())


def _tag(keyword: str) -> str:
    tag = tag_for_keyword(keyword) or 0
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"


def coded_terms() -> Section:
    """List the codes of the results that every model may use; models bring codes of their own findings."""
    terms = {code for module in (codes, report, groups) for code in _codes_of(module)}
    rows = sorted((code.scheme, code.value, code.meaning) for code in terms)
    return section(
        "Coded terminology",
        "Coding schemes of results: DCM, SCT, UCUM, LN, UMLS, RFC5646; of PS3.16, and none of this node's own. In "
        "workitems, 99ISOCENTER names analyzers and workers of this node.",
        table(("Scheme", "Value", "Meaning"), rows),
        "Context groups: CID 100 (procedure reported), CID 7150 and 7162 (what is segmented, and how), CID 244 "
        "(laterality), by the rows that the templates name.",
    )


def _codes_of(module: ModuleType) -> Iterator[Code]:
    return (value for value in vars(module).values() if isinstance(value, Code))


def private_attributes() -> Section:
    """Say that there are none."""
    return section(
        "Data dictionary of private attributes",
        "None: no private attributes, private SOP classes or private transfer syntaxes are made.",
    )


def extensions() -> Section:
    """Say what goes beyond the standard's classes."""
    return section(
        "Standard extended, specialized and private SOP classes",
        "None are made. Private SOP classes of others are stored, found and sent like the standard's.",
    )
