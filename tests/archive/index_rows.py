"""Rows of the index for tests of queries: one call an instance, with the studies and series it needs."""

from typing import Any

from sqlalchemy import Connection, insert, select

from archive.matching import normalize_name, normalize_text
from archive.tables import instance, series, study

CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
EXPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"


def _with_normal_forms(values: dict[str, Any], table: Any) -> dict[str, Any]:
    found = dict(values)
    for name, value in values.items():
        if f"{name}_match" in table.c:
            normalize = normalize_name if name.endswith("_name") else normalize_text
            found[f"{name}_match"] = normalize(value)
    return found


def _row_id(connection: Connection, table: Any, unique: str, values: dict[str, Any]) -> int:
    known = connection.execute(
        select(table.c.id).where(table.c.tenant == values["tenant"], table.c[unique] == values[unique])
    ).scalar()
    if known is not None:
        return int(known)
    made = connection.execute(insert(table).values(**_with_normal_forms(values, table)))
    key = made.inserted_primary_key
    assert key is not None
    return int(key[0])


def add_instance(
    connection: Connection,
    /,
    *,
    uids: tuple[str, str, str],
    tenant: str = "default",
    of_study: dict[str, Any] | None = None,
    of_series: dict[str, Any] | None = None,
    **values: Any,
) -> None:
    """Add an instance, and its study and series where they are not there yet."""
    study_uid, series_uid, sop_uid = uids
    about_study = {"patient_id": "", "patient_name": "", **(of_study or {})}
    study_id = _row_id(
        connection,
        study,
        "study_instance_uid",
        {
            "tenant": tenant,
            "study_instance_uid": study_uid,
            "patient_key": about_study["patient_id"] or study_uid,
            "created": 1.0,
            "updated": 1.0,
            **about_study,
        },
    )
    series_id = _row_id(
        connection,
        series,
        "series_instance_uid",
        {
            "tenant": tenant,
            "study_id": study_id,
            "study_instance_uid": study_uid,
            "series_instance_uid": series_uid,
            "created": 1.0,
            **(of_series or {}),
        },
    )
    row = {
        "tenant": tenant,
        "series_id": series_id,
        "study_instance_uid": study_uid,
        "series_instance_uid": series_uid,
        "sop_instance_uid": sop_uid,
        "sop_class_uid": CT_IMAGE,
        "transfer_syntax_uid": EXPLICIT_LITTLE_ENDIAN,
        "blob_key": f"ab/{sop_uid}",
        "data_offset": 300,
        "size": 1000,
        "content_hash": "0" * 64,
        "received": 1.0,
        **values,
    }
    connection.execute(insert(instance).values(**row))
