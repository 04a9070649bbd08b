"""Values of HL7 fields as DICOM writes them: names, dates, codes (IHE RAD TF-2 Appendix B)."""

import re
from collections.abc import Mapping
from typing import Any, Final

from archive.attribute_lists import clean
from archive.errors import NotParsable
from archive.hl7 import Segment
from archive.scheduling_times import is_date, is_time

# What a VR holds (PS3.5 Table 6.2-1). A longer identifier would be another one if it were cut.
LENGTHS: Final = {"SH": 16, "CS": 16, "AE": 16, "LO": 64}
_SEPARATORS_OF_DICOM: Final = re.compile(r"[\\\x00-\x1f\x7f]")
_SEPARATORS_OF_NAMES: Final = re.compile(r"[\\^=\x00-\x1f\x7f]")
_TIMESTAMP: Final = re.compile(r"(\d{8})(\d{2}(?:\d{2}(?:\d{2}(?:\.\d{1,4})?)?)?)?(?:[+-]\d{4})?")
_PARTIAL_DATE: Final = re.compile(r"\d{4}(?:0[1-9]|1[0-2])?")
_SEXES: Final = {"M": "M", "F": "F", "O": "O", "A": "O", "N": "O"}
# HL7 table 0485 and Requested Procedure Priority (0040,1003).
_PRIORITIES: Final = {"S": "STAT", "A": "HIGH", "P": "HIGH", "C": "HIGH", "R": "ROUTINE", "T": "MEDIUM"}
# XPN-8 and the component groups of a name: HL7 table 4000, PS3.5 Section 6.2.1.
_GROUPS: Final = ("A", "I", "P")


def plain(value: str) -> str:
    """Drop what would separate values in DICOM."""
    return clean(_SEPARATORS_OF_DICOM.sub(" ", value))


def identifier(value: str, where: str, vr: str) -> str:
    """Return an identifier; one that is too long for its VR is refused, for it would be another when cut."""
    if len(value) > LENGTHS[vr]:
        raise NotParsable(f"{where} has more than {LENGTHS[vr]} characters.")
    if value != plain(value):
        raise NotParsable(f"{where} has characters that no identifier has.")
    return value


def description(value: str) -> str:
    """Return a description, as long as DICOM has room for."""
    return plain(value)[: LENGTHS["LO"]].strip()


def person(segment: Segment, field: int, *, offset: int = 0) -> str:
    """Read a name: family, given, middle, suffix, prefix in HL7; family, given, middle, prefix, suffix in DICOM.

    Parameters
    ----------
    segment, field
        Where it is.
    offset
        How many components come before: none in XPN, one, the identifier, in XCN.
    """
    groups: dict[str, str] = {}
    for repetition in segment.repetitions(field):
        parts = [_name_part(segment.part(repetition, offset + number)) for number in (1, 2, 3, 5, 4)]
        name = "^".join(parts).rstrip("^")
        code = segment.part(repetition, 8 if not offset else 15)
        # Further names in the same script are aliases: the first is the legal one.
        groups.setdefault(code if code in _GROUPS else "A", name)
    return "=".join(groups.get(group, "") for group in _GROUPS).rstrip("=")


def _name_part(value: str) -> str:
    return clean(_SEPARATORS_OF_NAMES.sub(" ", value))


def birth_date(segment: Segment, field: int) -> str:
    """Read the date of a timestamp; DICOM has no dates without a day, so that these are none."""
    value = segment.text(field)
    if not value or _PARTIAL_DATE.fullmatch(value):
        return ""
    return moment(value, f"{segment.name}-{field}")[0]


def moment(value: str, where: str) -> tuple[str, str]:
    """Read a timestamp as a date and a time, perhaps empty. Its offset is left out: entries are in local time.

    Raises
    ------
    NotParsable
        It is none.
    """
    found = _TIMESTAMP.fullmatch(value)
    date, time = (found[1], found[2] or "") if found else ("", "")
    if not is_date(date) or (time and not is_time(time)):
        raise NotParsable(f"{where} is not a date and time: YYYYMMDDHHMM.")
    return date, time


def sex(value: str) -> str:
    """Read HL7 table 0001; what DICOM has no term for is unknown."""
    return _SEXES.get(value.upper(), "")


def priority(value: str) -> str:
    """Read a priority; one that DICOM has no term for is none."""
    return _PRIORITIES.get(value.upper()[:1], "")


def code(segment: Segment, field: int, *, offset: int = 0) -> list[Mapping[str, Any]]:
    """Read a code as the keywords of a code sequence's item; none unless it is whole and short enough.

    `offset` is 3 for the alternate code of the same field.
    """
    value, meaning, scheme = (plain(segment.text(field, offset + number)) for number in (1, 2, 3))
    whole = value and meaning and scheme
    if not whole or max(len(value), len(scheme)) > LENGTHS["SH"]:
        return []
    item = {"CodeValue": value, "CodingSchemeDesignator": scheme, "CodeMeaning": description(meaning)}
    return [item]
