"""Attributes of unified procedure steps that may be asked for: PS3.4 Table CC.2.5-3."""

from typing import Final

from archive.attribute_lists import key

_SCHEDULED: Final = (
    "ScheduledProcedureStepPriority",
    "ScheduledProcedureStepModificationDateTime",
    "ProcedureStepLabel",
    "WorklistLabel",
    "ScheduledProcessingParametersSequence",
    "ScheduledStationNameCodeSequence",
    "ScheduledStationClassCodeSequence",
    "ScheduledStationGeographicLocationCodeSequence",
    "ScheduledHumanPerformersSequence",
    "HumanPerformerCodeSequence",
    "HumanPerformerName",
    "HumanPerformerOrganization",
    "ScheduledProcedureStepStartDateTime",
    "ExpectedCompletionDateTime",
    "ScheduledProcedureStepExpirationDateTime",
    "ScheduledWorkitemCodeSequence",
    "CommentsOnTheScheduledProcedureStep",
    "InputReadinessState",
    "InputInformationSequence",
    "StudyInstanceUID",
)
_RELATIONSHIP: Final = (
    "PatientName",
    "PatientID",
    "IssuerOfPatientID",
    "IssuerOfPatientIDQualifiersSequence",
    "OtherPatientIDsSequence",
    "PatientBirthDate",
    "PatientSex",
    "AdmissionID",
    "IssuerOfAdmissionIDSequence",
    "AdmittingDiagnosesDescription",
    "AdmittingDiagnosesCodeSequence",
    "ReferencedRequestSequence",
    "AccessionNumber",
    "IssuerOfAccessionNumberSequence",
    "PlacerOrderNumberImagingServiceRequest",
    "FillerOrderNumberImagingServiceRequest",
    "RequestedProcedureID",
    "RequestedProcedureDescription",
    "RequestedProcedureCodeSequence",
    "RequestingService",
    "ReplacedProcedureStepSequence",
)
_PERFORMED: Final = (
    "ProcedureStepState",
    "ProcedureStepProgressInformationSequence",
    "ProcedureStepProgress",
    "ProcedureStepProgressDescription",
    "UnifiedProcedureStepPerformedProcedureSequence",
    "ActualHumanPerformersSequence",
    "PerformedStationNameCodeSequence",
    "PerformedProcedureStepStartDateTime",
    "PerformedProcedureStepEndDateTime",
    "PerformedWorkitemCodeSequence",
    "OutputInformationSequence",
)
_IN_ITEMS: Final = (
    "CodeValue",
    "LongCodeValue",
    "CodingSchemeDesignator",
    "CodingSchemeVersion",
    "CodeMeaning",
    "SeriesInstanceUID",
    "ReferencedSOPSequence",
    "ReferencedSOPClassUID",
    "ReferencedSOPInstanceUID",
    "TypeOfInstances",
)

SUPPORTED: Final = frozenset(
    key(keyword) for keyword in ("SOPClassUID", "SOPInstanceUID", *_SCHEDULED, *_RELATIONSHIP, *_PERFORMED, *_IN_ITEMS)
)
