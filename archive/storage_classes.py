"""What is stored, whatever the service: SOP classes (PS3.4 Annex B.5) and transfer syntaxes (PS3.6 Table A-1)."""

from functools import lru_cache
from typing import Final

from pydicom.uid import UID

from archive.encodings import IMPLICIT_VR_LITTLE_ENDIAN
from archive.non_patient_classes import is_non_patient
from archive.uids import is_valid_uid

_DICOM_ROOT: Final = "1.2.840.10008."
_STORAGE_ROOT: Final = "1.2.840.10008.5.1.4.1.1."
# Hardcopy images, RT beams and brachy delivery instructions stand outside the storage root (PS3.6 Table A-1).
_STORAGE_ELSEWHERE: Final = frozenset(
    {
        "1.2.840.10008.5.1.1.29",
        "1.2.840.10008.5.1.1.30",
        "1.2.840.10008.5.1.4.34.1",
        "1.2.840.10008.5.1.4.34.7",
        "1.2.840.10008.5.1.4.34.10",
    }
)
_TRANSFER_SYNTAX_ROOT: Final = "1.2.840.10008.1.2."
# JPEG XL and Deflated Image Frame Compression are younger than pydicom's dictionary.
_NEWER_SYNTAXES: Final = frozenset(
    {"1.2.840.10008.1.2.4.110", "1.2.840.10008.1.2.4.111", "1.2.840.10008.1.2.4.112", "1.2.840.10008.1.2.8.1"}
)
# MIME and XML encodings are no data sets; SMPTE ST 2110 is for streams in real time, not for storage.
_NOT_FOR_DATA_SETS: Final = ("1.2.840.10008.1.2.6.", "1.2.840.10008.1.2.7.")
# More than the standard has; without a bound a peer that makes up UIDs would fill the memory.
_REMEMBERED: Final = 1_024


@lru_cache(maxsize=_REMEMBERED)
def is_storage(sop_class: str) -> bool:
    """Tell whether objects of this SOP class may be stored.

    Standard classes by their place under the storage root (PS3.4 Annex B.5), where newer editions add theirs too; of
    classes outside the standard all, because a private SOP class proposed to an archive is there to be stored.
    """
    if not is_valid_uid(sop_class):
        return False
    if not sop_class.startswith(_DICOM_ROOT):
        return True
    if sop_class in _STORAGE_ELSEWHERE or is_non_patient(sop_class):
        return True
    name = UID(sop_class).name
    unknown = name in ("", sop_class)
    return sop_class.startswith(_STORAGE_ROOT) and (unknown or "Storage" in name)


@lru_cache(maxsize=_REMEMBERED)
def is_storage_syntax(transfer_syntax: str) -> bool:
    """Tell whether PS3.6 Table A-1 knows this transfer syntax as an encoding of data sets, retired ones too."""
    if transfer_syntax == IMPLICIT_VR_LITTLE_ENDIAN or transfer_syntax in _NEWER_SYNTAXES:
        return True
    if not transfer_syntax.startswith(_TRANSFER_SYNTAX_ROOT) or transfer_syntax.startswith(_NOT_FOR_DATA_SETS):
        return False
    if not is_valid_uid(transfer_syntax):
        return False
    return UID(transfer_syntax).is_transfer_syntax
