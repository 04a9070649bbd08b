"""Which attributes of a data set the index keeps: the columns of `archive.tables` and their tags (PS3.6)."""

from typing import Final

from archive.elements import Wanted

SPECIFIC_CHARACTER_SET: Final = 0x0008_0005
SOP_CLASS_UID: Final = 0x0008_0016
SOP_INSTANCE_UID: Final = 0x0008_0018
STUDY_INSTANCE_UID: Final = 0x0020_000D
SERIES_INSTANCE_UID: Final = 0x0020_000E

STUDY: Final = {
    "patient_id": 0x0010_0020,
    "issuer_of_patient_id": 0x0010_0021,
    "patient_name": 0x0010_0010,
    "patient_birth_date": 0x0010_0030,
    "patient_birth_time": 0x0010_0032,
    "patient_sex": 0x0010_0040,
    "patient_age": 0x0010_1010,
    "patient_size": 0x0010_1020,
    "patient_weight": 0x0010_1030,
    "other_patient_ids": 0x0010_1000,
    "ethnic_group": 0x0010_2160,
    "occupation": 0x0010_2180,
    "additional_patient_history": 0x0010_21B0,
    "patient_comments": 0x0010_4000,
    "study_date": 0x0008_0020,
    "study_time": 0x0008_0030,
    "accession_number": 0x0008_0050,
    "study_id": 0x0020_0010,
    "study_description": 0x0008_1030,
    "referring_physician_name": 0x0008_0090,
    "name_of_physicians_reading_study": 0x0008_1060,
    "admitting_diagnoses_description": 0x0008_1080,
    "timezone_offset_from_utc": 0x0008_0201,
}
SERIES: Final = {
    "modality": 0x0008_0060,
    "series_number": 0x0020_0011,
    "series_description": 0x0008_103E,
    "series_date": 0x0008_0021,
    "series_time": 0x0008_0031,
    "body_part_examined": 0x0018_0015,
    "laterality": 0x0020_0060,
    "protocol_name": 0x0018_1030,
    "patient_position": 0x0018_5100,
    "frame_of_reference_uid": 0x0020_0052,
    "manufacturer": 0x0008_0070,
    "manufacturer_model_name": 0x0008_1090,
    "institution_name": 0x0008_0080,
    "institutional_department_name": 0x0008_1040,
    "station_name": 0x0008_1010,
    "performing_physician_name": 0x0008_1050,
    "operators_name": 0x0008_1070,
    "performed_procedure_step_start_date": 0x0040_0244,
    "performed_procedure_step_start_time": 0x0040_0245,
    "performed_procedure_step_id": 0x0040_0253,
    "performed_procedure_step_description": 0x0040_0254,
    # These two stand in the first item of Request Attributes Sequence.
    "requested_procedure_id": 0x0040_0275_0040_1001,
    "scheduled_procedure_step_id": 0x0040_0275_0040_0009,
}
INSTANCE: Final = {
    "instance_number": 0x0020_0013,
    "content_date": 0x0008_0023,
    "content_time": 0x0008_0033,
    "acquisition_date": 0x0008_0022,
    "acquisition_time": 0x0008_0032,
    "acquisition_number": 0x0020_0012,
    "image_type": 0x0008_0008,
    "photometric_interpretation": 0x0028_0004,
    "instance_comments": 0x0020_4000,
    "completion_flag": 0x0040_A491,
    "verification_flag": 0x0040_A493,
    "content_label": 0x0070_0080,
    "content_description": 0x0070_0081,
}
INSTANCE_NUMBERS: Final = {
    "rows": 0x0028_0010,
    "columns": 0x0028_0011,
    "bits_allocated": 0x0028_0100,
    "number_of_frames": 0x0028_0008,
}
# The title of a document: code value, scheme and meaning of Concept Name Code Sequence, joined with "^".
CONCEPT_NAME: Final = (0x0040_A043_0008_0100, 0x0040_A043_0008_0102, 0x0040_A043_0008_0104)
BINARY_NUMBERS: Final = frozenset({"rows", "columns", "bits_allocated"})

TAGS: Final = STUDY | SERIES | INSTANCE | INSTANCE_NUMBERS
_UIDS: Final = (SPECIFIC_CHARACTER_SET, SOP_CLASS_UID, SOP_INSTANCE_UID, STUDY_INSTANCE_UID, SERIES_INSTANCE_UID)

# Values longer than their VR allows are cut for the index, which must not fail on them; PostgreSQL's B-trees take
# entries up to 2,700 bytes, at four bytes a character at most.
SHORT_LENGTH: Final = 256
LONG_LENGTH: Final = 4_096
_LONG: Final = frozenset(
    {
        "other_patient_ids",
        "additional_patient_history",
        "patient_comments",
        "admitting_diagnoses_description",
        "name_of_physicians_reading_study",
        "performing_physician_name",
        "operators_name",
        "image_type",
        "instance_comments",
        "content_description",
    }
)


# How many characters of each are kept.
LONGEST: Final = {name: LONG_LENGTH if name in _LONG else SHORT_LENGTH for name in TAGS}


def _wanted() -> Wanted:
    wanted: dict[int, int | Wanted] = {}
    items: dict[int, dict[int, int | Wanted]] = {}
    for key in (*_UIDS, *TAGS.values(), *CONCEPT_NAME):
        sequence, tag = divmod(key, 1 << 32)
        if sequence:
            items.setdefault(sequence, {})[tag] = key
        else:
            wanted[tag] = key
    return wanted | items


WANTED: Final = _wanted()
