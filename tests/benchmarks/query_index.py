"""An index of many small studies, written straight into the tables: what is measured is the asking, not the storing."""

import datetime as dt
from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Connection, insert, select, text

from archive.matching import normalize_name, normalize_text
from archive.tables import instance, series, study

ROOT: Final = "2.25.7301"
CT_IMAGE: Final = "1.2.840.10008.5.1.4.1.1.2"
_IMPLICIT: Final = "1.2.840.10008.1.2"
_FAMILIES: Final = ("Abel", "Brandt", "Conrad", "Doering", "Engel", "Fuchs", "Gruber", "Hansen", "Iversen", "Jung")
_GIVEN: Final = ("Anna", "Bruno", "Clara", "David", "Emma", "Felix", "Greta", "Hugo")
_DAY_ONE: Final = dt.date(1990, 1, 1)
_ON_ONE_DAY: Final = 8
_AT_ONCE: Final = 500


def study_uid(number: int) -> str:
    """Give the Study Instance UID of a study."""
    return f"{ROOT}.{number}"


def series_uid(number: int) -> str:
    """Give the UID of the one series of a study."""
    return f"{ROOT}.{number}.1"


def about(number: int) -> dict[str, str]:
    """Describe a study: the same number always gives the same, and as many others are alike however many there are."""
    return {
        "patient_id": f"PID{number:07}",
        "patient_name": f"{_FAMILIES[number % 10]}{number // 80:04}^{_GIVEN[number % 8]}",
        "patient_birth_date": f"19{number % 80 + 10}0615",
        "patient_sex": "FM"[number % 2],
        "study_date": f"{_DAY_ONE + dt.timedelta(days=number // _ON_ONE_DAY):%Y%m%d}",
        "study_time": f"{number % 24:02}{number % 60:02}00",
        "accession_number": f"ACC{number:07}",
        "study_id": str(number),
        "study_description": ("CT Thorax", "CT Abdomen", "CT Head")[number % 3],
        "referring_physician_name": f"Dr{number % 50:02}^Referring",
    }


def fill(connection: Connection, studies: int, instances: int = 1, *, first: int = 0) -> None:
    """Add studies of one series each, of so many instances."""
    for begun in range(first, first + studies, _AT_ONCE):
        numbers = range(begun, min(begun + _AT_ONCE, first + studies))
        connection.execute(insert(study), [_study_row(number) for number in numbers])
        study_ids = _ids(connection, study.c.study_instance_uid, study.c.id, [study_uid(number) for number in numbers])
        rows = [_series_row(number, study_ids[study_uid(number)], instances) for number in numbers]
        connection.execute(insert(series), rows)
        uids = [series_uid(number) for number in numbers]
        series_ids = _ids(connection, series.c.series_instance_uid, series.c.id, uids)
        connection.execute(insert(instance), list(_instance_rows(numbers, series_ids, instances)))


def gather_statistics(connection: Connection) -> None:
    """Let the database know its tables, as its own maintenance does on PostgreSQL after so many rows."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("ANALYZE"))


def _ids(connection: Connection, uid: Any, row_id: Any, uids: list[str]) -> dict[str, int]:
    return {
        row.uid: row.key
        for row in connection.execute(select(uid.label("uid"), row_id.label("key")).where(uid.in_(uids)))
    }


def _study_row(number: int) -> dict[str, Any]:
    row: dict[str, Any] = about(number)
    for name in ("patient_name", "referring_physician_name"):
        row[f"{name}_match"] = normalize_name(row[name])
    for name in ("patient_id", "accession_number", "study_description"):
        row[f"{name}_match"] = normalize_text(row[name])
    return row | {
        "tenant": "default",
        "study_instance_uid": study_uid(number),
        "patient_key": row["patient_id"],
        "created": float(number),
        "updated": float(number),
    }


def _series_row(number: int, study_id: int, instances: int) -> dict[str, Any]:
    return {
        "tenant": "default",
        "study_id": study_id,
        "study_instance_uid": study_uid(number),
        "series_instance_uid": series_uid(number),
        "modality": "CT",
        "series_number": "1",
        "series_description": "Axial",
        "body_part_examined": "CHEST",
        "instance_count": instances,
        "complete": True,
        "created": float(number),
    }


def _instance_rows(numbers: range, series_ids: dict[str, int], instances: int) -> Iterator[dict[str, Any]]:
    for number in numbers:
        for image in range(1, instances + 1):
            yield {
                "tenant": "default",
                "series_id": series_ids[series_uid(number)],
                "study_instance_uid": study_uid(number),
                "series_instance_uid": series_uid(number),
                "sop_instance_uid": f"{series_uid(number)}.{image}",
                "sop_class_uid": CT_IMAGE,
                "transfer_syntax_uid": _IMPLICIT,
                "instance_number": str(image),
                "rows": 8,
                "columns": 8,
                "bits_allocated": 16,
                "photometric_interpretation": "MONOCHROME2",
                "blob_key": f"none/{number}.{image}",
                "data_offset": 300,
                "size": 1000,
                "content_hash": "0" * 64,
                "received": float(number),
            }
