"""Which values of the images a result may carry: illegal ones are repaired, or left out where that may be."""

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from pydicom.config import RAISE
from pydicom.dataset import Dataset
from pydicom.uid import UID
from pydicom.valuerep import validate_value

# Text that is too long or has too many values stays: it identifies, and queries have to find the same in all objects.
_CHECKED_VRS: Final = frozenset({"AS", "CS", "DS", "IS"})
# Enumerated Values of PS3.3 C.7.1.1 and C.7.2.2.
_ENUMERATED: Final = {
    "PatientIdentityRemoved": {"YES", "NO"},
    "PatientSexNeutered": {"ALTERED", "UNALTERED"},
    "PregnancyStatus": {"1", "2", "3", "4"},
    "SmokingStatus": {"YES", "NO", "UNKNOWN"},
}


def legal_value(source: Dataset, keyword: str) -> Any:
    """Give the value of an attribute as a result may carry it; None for what has to be empty or left out."""
    if keyword not in source:
        return None
    try:
        element = source[keyword]
    except (ValueError, TypeError, OverflowError):
        # A number that is none, which cannot even be read.
        return None
    if element.VR == "SQ":
        return legal_items(keyword, element.value) or None
    repair = _REPAIRS.get(keyword) or _REPAIRS.get(element.VR)
    if repair is not None and element.value is not None:
        return repair(str(element.value))
    return element.value if _is_legal(keyword, element.VR, element.value) else None


def legal_items(keyword: str, items: Sequence[Dataset]) -> list[Dataset]:
    """Keep the items that are complete; others would make the whole result illegal."""
    complete = _COMPLETE.get(keyword)
    if complete is None and keyword.endswith("CodeSequence"):
        complete = _is_code
    elif complete is None and keyword.endswith("IdentificationSequence"):
        complete = _is_person
    return [item for item in items if complete is None or complete(item)]


def _is_legal(keyword: str, vr: str, value: Any) -> bool:
    if value is None or value == "":
        return True
    allowed = _ENUMERATED.get(keyword)
    if allowed is not None:
        return str(value) in allowed
    if vr not in _CHECKED_VRS:
        return True
    # All attributes of these kinds that results copy have one value; several come as a list, which is no legal text.
    try:
        validate_value(vr, str(value), RAISE)
    except ValueError:
        return False
    return True


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


def _is_reference(item: Dataset) -> bool:
    """Whether a SOP instance is named (PS3.3 Table 10-11)."""
    uids = (item.get("ReferencedSOPClassUID"), item.get("ReferencedSOPInstanceUID"))
    # Several where one belongs are a list.
    return all(isinstance(uid, UID) and uid.is_valid for uid in uids)


def _is_universal(item: Dataset) -> bool:
    return bool(item.get("UniversalEntityID") and item.get("UniversalEntityIDType"))


def _is_authority(item: Dataset) -> bool:
    """Whether an assigning authority is named (PS3.3 Table 10-17)."""
    return _is_universal(item) or bool(item.get("LocalNamespaceEntityID") and not item.get("UniversalEntityID"))


def _is_qualifier(item: Dataset) -> bool:
    """Whether an issuer of a Patient ID is qualified (PS3.3 Table 10-18)."""
    return _is_universal(item) or (len(item) > 0 and not item.get("UniversalEntityID"))


def _is_patient_id(item: Dataset) -> bool:
    """Whether another Patient ID has its type (PS3.3 C.7.1.1)."""
    return bool(item.get("PatientID") and item.get("TypeOfPatientID"))


def _is_breed_registration(item: Dataset) -> bool:
    registries = item.get("BreedRegistryCodeSequence") or ()
    return bool(item.get("BreedRegistrationNumber") and registries) and all(_is_code(code) for code in registries)


_COMPLETE: Final[dict[str, Callable[[Dataset], bool]]] = {
    "BreedRegistrationSequence": _is_breed_registration,
    "IssuerOfAccessionNumberSequence": _is_authority,
    "IssuerOfAdmissionIDSequence": _is_authority,
    "IssuerOfPatientIDQualifiersSequence": _is_qualifier,
    "OtherPatientIDsSequence": _is_patient_id,
    "ReferencedStudySequence": _is_reference,
}


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


def _body_part(text: str) -> str:
    """Take what is written in small letters as well: the Defined Terms have capitals (PS3.16 Annex L)."""
    code = text.strip().upper()
    return code if re.fullmatch(r"[A-Z0-9_ ]{1,16}", code) else ""


_REPAIRS: Final[dict[str, Callable[[str], str]]] = {
    "DA": _date,
    "TM": _time,
    "PatientSex": _sex,
    "BodyPartExamined": _body_part,
}
