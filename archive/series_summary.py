"""A series in one value: what analyzers and routing rules look at to decide whether it concerns them."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, select

from archive.errors import NotFound
from archive.tables import instance, series, study


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesSummary:
    """Study, series and first instance, as decoded for the index (blank where an attribute is absent).

    Parameters
    ----------
    tenant, series_id, generation
        The row, and how often the series was complete.
    own_result
        Whether the node made the series itself.
    instance_count
        How many instances it has.
    source_ae_titles
        Calling AE titles of those who sent it.
    sop_class_uids
        All SOP classes in it.
    """

    tenant: str
    series_id: int
    generation: int
    own_result: bool
    instance_count: int
    source_ae_titles: tuple[str, ...]
    sop_class_uids: tuple[str, ...]

    study_instance_uid: str
    patient_id: str
    patient_name: str
    patient_birth_date: str
    patient_sex: str
    patient_age: str
    study_date: str
    study_description: str
    accession_number: str

    series_instance_uid: str
    modality: str
    series_number: str
    series_description: str
    body_part_examined: str
    laterality: str
    protocol_name: str
    patient_position: str
    frame_of_reference_uid: str
    manufacturer: str
    manufacturer_model_name: str
    institution_name: str
    station_name: str

    sop_class_uid: str
    transfer_syntax_uid: str
    image_type: str
    rows: int | None
    columns: int | None
    bits_allocated: int | None
    number_of_frames: int | None
    photometric_interpretation: str
    concept_name_code: str


_STUDY_FIELDS = (
    *("study_instance_uid", "patient_id", "patient_name", "patient_birth_date", "patient_sex", "patient_age"),
    *("study_date", "study_description", "accession_number"),
)
_SERIES_FIELDS = (
    *("tenant", "generation", "own_result", "instance_count", "series_instance_uid", "modality", "series_number"),
    *("series_description", "body_part_examined", "laterality", "protocol_name", "patient_position"),
    *("frame_of_reference_uid", "manufacturer", "manufacturer_model_name", "institution_name", "station_name"),
)
_INSTANCE_FIELDS = (
    *("sop_class_uid", "transfer_syntax_uid", "image_type", "rows", "columns", "bits_allocated", "number_of_frames"),
    *("photometric_interpretation", "concept_name_code"),
)


def summarize(connection: Connection, series_id: int) -> SeriesSummary:
    """Return the summary of a series.

    Raises
    ------
    NotFound
        There is no such series, or it has no instance any more.
    """
    row = connection.execute(_with_first_instance(series_id)).mappings().one_or_none()
    if row is None:
        raise NotFound
    return SeriesSummary(
        **row,
        series_id=series_id,
        source_ae_titles=_distinct(connection, series_id, "source_ae_title"),
        sop_class_uids=_distinct(connection, series_id, "sop_class_uid"),
    )


def find_summary(connection: Connection, tenant: str, study_uid: str, series_uid: str) -> SeriesSummary:
    """Return the summary of the series with these UIDs.

    Raises
    ------
    NotFound
        There is no such series, or it has no instance any more.
    """
    statement = select(series.c.id).where(
        series.c.tenant == tenant,
        series.c.study_instance_uid == study_uid,
        series.c.series_instance_uid == series_uid,
    )
    series_id = connection.execute(statement).scalar_one_or_none()
    if series_id is None:
        raise NotFound
    return summarize(connection, series_id)


def _with_first_instance(series_id: int) -> Select[Any]:
    columns = (
        *(study.c[name] for name in _STUDY_FIELDS),
        *(series.c[name] for name in _SERIES_FIELDS),
        *(instance.c[name] for name in _INSTANCE_FIELDS),
    )
    first = select(instance.c.id).where(instance.c.series_id == series_id).order_by(instance.c.id).limit(1)
    return (
        select(*columns)
        .join(study, study.c.id == series.c.study_id)
        .join(instance, instance.c.id == first.scalar_subquery())
        .where(series.c.id == series_id)
    )


def _distinct(connection: Connection, series_id: int, name: str) -> tuple[str, ...]:
    column = instance.c[name]
    statement = select(column).distinct().where(instance.c.series_id == series_id, column != "").order_by(column)
    return tuple(connection.execute(statement).scalars())
