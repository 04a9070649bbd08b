"""Attributes that a modality may ask a worklist for: PS3.4 Table K.6-1."""

from typing import Final

from archive.attribute_lists import key

_STEP: Final = (
    "ScheduledProcedureStepSequence",
    "ScheduledStationAETitle",
    "ScheduledProcedureStepStartDate",
    "ScheduledProcedureStepStartTime",
    "ScheduledProcedureStepEndDate",
    "ScheduledProcedureStepEndTime",
    "Modality",
    "ScheduledPerformingPhysicianName",
    "ScheduledProcedureStepDescription",
    "ScheduledStationName",
    "ScheduledProcedureStepLocation",
    "ScheduledProtocolCodeSequence",
    "PreMedication",
    "ScheduledProcedureStepID",
    "ScheduledProcedureStepStatus",
    "CommentsOnTheScheduledProcedureStep",
    "RequestedContrastAgent",
)
_REQUESTED_PROCEDURE: Final = (
    "RequestedProcedureID",
    "RequestedProcedureDescription",
    "RequestedProcedureCodeSequence",
    "RequestedProcedurePriority",
    "RequestedProcedureComments",
    "RequestedProcedureLocation",
    "ReasonForTheRequestedProcedure",
    "StudyInstanceUID",
    "StudyDate",
    "StudyTime",
    "ReferencedStudySequence",
    "PatientTransportArrangements",
    "NamesOfIntendedRecipientsOfResults",
)
_REQUEST: Final = (
    "AccessionNumber",
    "IssuerOfAccessionNumberSequence",
    "RequestingPhysician",
    "RequestingService",
    "ReferringPhysicianName",
    "IssueDateOfImagingServiceRequest",
    "PlacerOrderNumberImagingServiceRequest",
    "FillerOrderNumberImagingServiceRequest",
)
_VISIT: Final = ("AdmissionID", "InstitutionName", "CurrentPatientLocation", "ReferencedPatientSequence")
_PATIENT: Final = (
    "PatientName",
    "PatientID",
    "IssuerOfPatientID",
    "OtherPatientIDs",
    "OtherPatientIDsSequence",
    "PatientBirthDate",
    "PatientSex",
    "PatientAge",
    "PatientSize",
    "PatientWeight",
    "PatientComments",
    "EthnicGroup",
    "ConfidentialityConstraintOnPatientDataDescription",
    "PatientState",
    "PregnancyStatus",
    "MedicalAlerts",
    "Allergies",
    "SpecialNeeds",
    "SmokingStatus",
    "AdditionalPatientHistory",
    "LastMenstrualDate",
)
_IN_ITEMS: Final = (
    "CodeValue",
    "CodingSchemeDesignator",
    "CodingSchemeVersion",
    "CodeMeaning",
    "ReferencedSOPClassUID",
    "ReferencedSOPInstanceUID",
    "LocalNamespaceEntityID",
    "UniversalEntityID",
    "UniversalEntityIDType",
)

SUPPORTED: Final = frozenset(
    key(keyword) for keyword in (*_STEP, *_REQUESTED_PROCEDURE, *_REQUEST, *_VISIT, *_PATIENT, *_IN_ITEMS)
)
