"""Patient and study of a result: copied from the images, repaired where no reader could accept them."""

from typing import Final

from pydicom.dataset import Dataset

from analysis.results.legal import legal_value

# Patient and General Study attributes of Type 1 or 2: always present, empty when the images have nothing.
_REQUIRED: Final = (
    "StudyInstanceUID",
    "StudyDate",
    "StudyTime",
    "AccessionNumber",
    "StudyID",
    "ReferringPhysicianName",
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
)
# PS3.3 C.7.1.1, C.7.1.3, C.7.2.1, C.7.2.2, C.7.2.3: copied when the images have them.
_OPTIONAL: Final = (
    "IssuerOfPatientID",
    "TypeOfPatientID",
    "IssuerOfPatientIDQualifiersSequence",
    "PatientBirthTime",
    "OtherPatientNames",
    "OtherPatientIDsSequence",
    "EthnicGroup",
    "PatientComments",
    "PatientSpeciesDescription",
    "PatientSpeciesCodeSequence",
    "PatientBreedDescription",
    "PatientBreedCodeSequence",
    "BreedRegistrationSequence",
    "ResponsiblePerson",
    "ResponsiblePersonRole",
    "ResponsibleOrganization",
    "PatientIdentityRemoved",
    "DeidentificationMethod",
    "DeidentificationMethodCodeSequence",
    "ClinicalTrialTimePointID",
    "ClinicalTrialTimePointDescription",
    "IssuerOfAccessionNumberSequence",
    "StudyDescription",
    "ReferringPhysicianIdentificationSequence",
    "PhysiciansOfRecord",
    "PhysiciansOfRecordIdentificationSequence",
    "NameOfPhysiciansReadingStudy",
    "PhysiciansReadingStudyIdentificationSequence",
    "ConsultingPhysicianName",
    "ProcedureCodeSequence",
    "ReasonForPerformedProcedureCodeSequence",
    "AdmittingDiagnosesDescription",
    "AdmittingDiagnosesCodeSequence",
    "PatientAge",
    "PatientSize",
    "PatientWeight",
    "PatientSexNeutered",
    "Occupation",
    "AdditionalPatientHistory",
    "AdmissionID",
    "IssuerOfAdmissionIDSequence",
    "SmokingStatus",
    "PregnancyStatus",
)
# Clinical Trial Subject (PS3.3 C.7.1.3): Type 1, Type 2, and those of which one is enough.
_TRIAL_REQUIRED: Final = ("ClinicalTrialSponsorName", "ClinicalTrialProtocolID")
_TRIAL_PRESENT: Final = ("ClinicalTrialProtocolName", "ClinicalTrialSiteID", "ClinicalTrialSiteName")
_TRIAL_SUBJECT: Final = ("ClinicalTrialSubjectID", "ClinicalTrialSubjectReadingID")
# Type 2C: present when a species is (PS3.3 C.7.1.1, C.7.2.2).
_OF_ANIMALS: Final = (
    "PatientBreedDescription",
    "PatientBreedCodeSequence",
    "BreedRegistrationSequence",
    "ResponsiblePerson",
    "ResponsibleOrganization",
    "PatientSexNeutered",
)
# What a result says when the images are without identity and do not say how that was done (Type 1C).
_UNKNOWN_METHOD: Final = "Not described in the images"


def copy_patient_and_study(target: Dataset, source: Dataset) -> None:
    """Copy the Patient and Study modules, so that study queries see one study, not two.

    Empty values stay empty and absent optional ones absent; optional ones that are not legal are left out.
    """
    for keyword in _REQUIRED:
        setattr(target, keyword, legal_value(source, keyword))
    for keyword in _OPTIONAL:
        _copy_optional(target, source, keyword)
    _complete_animal(target)
    _complete_person(target)
    _copy_trial(target, source)


def _copy_optional(target: Dataset, source: Dataset, keyword: str) -> None:
    value = legal_value(source, keyword)
    if value is not None or _is_empty(source, keyword):
        setattr(target, keyword, value)


def _is_empty(source: Dataset, keyword: str) -> bool:
    """Whether an attribute is there without a value; an empty sequence is never more than an absent one."""
    if keyword not in source:
        return False
    element = source.get_item(keyword)
    return element is not None and element.VR != "SQ" and not element.value and element.value != 0


def _complete_animal(target: Dataset) -> None:
    """Make the attributes of animals all present, or absent where no species says that it is one."""
    if not target.get("PatientSpeciesDescription"):
        target.pop("PatientSpeciesDescription", None)
    is_animal = "PatientSpeciesDescription" in target or "PatientSpeciesCodeSequence" in target
    for keyword in _OF_ANIMALS:
        if is_animal and keyword not in target:
            setattr(target, keyword, None)
        elif not is_animal and keyword.startswith(("PatientBreed", "Breed")):
            target.pop(keyword, None)


def _complete_person(target: Dataset) -> None:
    """Keep to the conditions of PS3.3 C.7.1.1 where the images do not."""
    if target.get("ResponsiblePerson") and not target.get("ResponsiblePersonRole"):
        target.ResponsiblePerson = None
    elif not target.get("ResponsiblePerson"):
        target.pop("ResponsiblePersonRole", None)
    if not target.get("DeidentificationMethod"):
        target.pop("DeidentificationMethod", None)
    described = "DeidentificationMethod" in target or "DeidentificationMethodCodeSequence" in target
    if target.get("PatientIdentityRemoved") == "YES" and not described:
        target.DeidentificationMethod = _UNKNOWN_METHOD


def _copy_trial(target: Dataset, source: Dataset) -> None:
    """Copy Clinical Trial Subject if the images have all of it, else nothing: a part of it is not legal."""
    named = all(source.get(keyword) for keyword in _TRIAL_REQUIRED)
    subjects = [keyword for keyword in _TRIAL_SUBJECT if source.get(keyword)]
    if named and subjects:
        for keyword in (*_TRIAL_REQUIRED, *_TRIAL_PRESENT, *subjects):
            setattr(target, keyword, legal_value(source, keyword))
    # Type 2 of Clinical Trial Study (PS3.3 C.7.2.3).
    if "ClinicalTrialTimePointDescription" in target and "ClinicalTrialTimePointID" not in target:
        target.ClinicalTrialTimePointID = None
