"""Patient and study of a result: copied from the images, repaired where no reader could accept them."""

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from pydicom.dataset import Dataset

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
    "ClinicalTrialSponsorName",
    "ClinicalTrialProtocolID",
    "ClinicalTrialProtocolName",
    "ClinicalTrialSiteID",
    "ClinicalTrialSiteName",
    "ClinicalTrialSubjectID",
    "ClinicalTrialSubjectReadingID",
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
# Type 2C: present when a species is (PS3.3 C.7.1.1, C.7.2.2).
_OF_ANIMALS: Final = (
    "PatientBreedDescription",
    "PatientBreedCodeSequence",
    "BreedRegistrationSequence",
    "ResponsiblePerson",
    "ResponsibleOrganization",
    "PatientSexNeutered",
)


def copy_patient_and_study(target: Dataset, source: Dataset) -> None:
    """Copy the Patient and Study modules, so that study queries see one study, not two.

    Empty values stay empty and absent optional ones absent.
    """
    for keyword in _REQUIRED:
        setattr(target, keyword, legal_value(source, keyword))
    for keyword in _OPTIONAL:
        if keyword in source:
            value = legal_value(source, keyword)
            if value is not None:
                setattr(target, keyword, value)
    if "PatientSpeciesDescription" in target or "PatientSpeciesCodeSequence" in target:
        for keyword in _OF_ANIMALS:
            if keyword not in target:
                setattr(target, keyword, None)


def legal_value(source: Dataset, keyword: str) -> Any:
    """Give the value of an attribute as a result may carry it; None for what has to be left out."""
    if keyword not in source:
        return None
    element = source[keyword]
    if element.VR == "SQ":
        return _legal_items(keyword, element.value) or None
    repair = _REPAIRS.get(keyword) or _REPAIRS.get(element.VR)
    if repair is None or element.value is None:
        return element.value
    return repair(str(element.value))


def _legal_items(keyword: str, items: Sequence[Dataset]) -> list[Dataset]:
    """Keep the items that are complete; others would make the whole result illegal."""
    if keyword.endswith("CodeSequence"):
        return [item for item in items if _is_code(item)]
    if keyword.endswith("IdentificationSequence"):
        return [item for item in items if _is_person(item)]
    return list(items)


def _is_code(item: Dataset) -> bool:
    """Whether a code has all of Type 1 (PS3.3 8.8)."""
    has_value = item.get("CodeValue") or item.get("LongCodeValue") or item.get("URNCodeValue")
    scheme = item.get("CodingSchemeDesignator")
    # Private schemes need their version, which old equipment leaves out.
    versioned = scheme is None or not str(scheme).startswith("99") or bool(item.get("CodingSchemeVersion"))
    return bool(has_value and scheme and item.get("CodeMeaning")) and versioned


def _is_person(item: Dataset) -> bool:
    """Whether a person is identified as PS3.3 Table 10-1 demands."""
    codes = item.get("PersonIdentificationCodeSequence") or ()
    institution = item.get("InstitutionName") or item.get("InstitutionCodeSequence")
    return bool(codes) and all(_is_code(code) for code in codes) and bool(institution)


def _date(text: str) -> str:
    """Take the old form with dots (ACR-NEMA 2.0) as well; what is no date becomes empty."""
    digits = text.replace(".", "").strip()
    legal = re.fullmatch(r"[0-9]{4}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])", digits)
    return digits if legal else ""


def _time(text: str) -> str:
    """Take the old form with colons (ACR-NEMA 2.0) as well; what is no time becomes empty."""
    digits = text.replace(":", "").strip()
    legal = re.fullmatch(r"([01][0-9]|2[0-3])([0-5][0-9]([0-5][0-9](\.[0-9]{1,6})?)?)?", digits)
    return digits if legal else ""


def _sex(text: str) -> str:
    code = text.strip().upper()
    return code if code in {"M", "F", "O"} else ""


_REPAIRS: Final[dict[str, Callable[[str], str]]] = {"DA": _date, "TM": _time, "PatientSex": _sex}
