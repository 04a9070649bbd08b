"""What is to be sent: the stored instances behind unique keys, for C-GET, C-MOVE and WADO-RS (PS3.4 Section C.4.2)."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice, product
from types import SimpleNamespace
from typing import Any, Final

from sqlalchemy import BindParameter, Column, Connection, Dialect, Select, bindparam, false, select

from archive.driver_rows import all_rows
from archive.matching import normalize_text
from archive.tables import instance, series, study
from archive.uids import SeriesInstanceUID, SOPClassUID, SOPInstanceUID, StudyInstanceUID, TransferSyntaxUID

# Databases limit the number of parameters of a statement; longer lists are asked for in parts.
_UIDS_AT_ONCE: Final = 2_000
_WITHOUT_NUMBER: Final = 1 << 62


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredInstance:
    """An instance as it is stored: what it is, and where its bytes are.

    Parameters
    ----------
    key
        The blob that holds it (`archive.blobs`): a Part 10 file.
    data_offset, size
        Where the data set begins in that file, and its length in bytes, as it was sent.
    content_hash
        Hash of those bytes, in hexadecimal.
    number_of_frames, rows, columns
        None for what is no image.
    """

    patient_id: str
    study_instance_uid: StudyInstanceUID
    series_instance_uid: SeriesInstanceUID
    sop_instance_uid: SOPInstanceUID
    sop_class_uid: SOPClassUID
    transfer_syntax_uid: TransferSyntaxUID
    modality: str
    instance_number: int | None
    key: str
    data_offset: int
    size: int
    content_hash: str
    number_of_frames: int | None
    rows: int | None
    columns: int | None
    hidden: bool


def instances(
    connection: Connection,
    tenant: str,
    *,
    patient_id: str | None = None,
    study_uids: Collection[str] = (),
    series_uids: Collection[str] = (),
    sop_uids: Collection[str] = (),
    include_hidden: bool = False,
) -> list[StoredInstance]:
    """List the instances that all given keys pick, in order of series and instance number.

    Parameters
    ----------
    patient_id
        Compared as it is, but for padding; none for any patient.
    study_uids, series_uids, sop_uids
        Any of these; empty for any at all. With no key given nothing is picked: the whole archive is never meant.
    include_hidden
        Take rejected instances too.
    """
    lists = [
        (instance.c.study_instance_uid, study_uids),
        (instance.c.series_instance_uid, series_uids),
        (instance.c.sop_instance_uid, sop_uids),
    ]
    given = [(column, tuple(dict.fromkeys(uids))) for column, uids in lists if uids]
    if patient_id is None and not given:
        return []
    statement = _statement(tenant, patient_id, include_hidden=include_hidden)
    rows: list[Any] = []
    for part in product(*(_parts(column, uids) for column, uids in given)):
        picked = statement.where(*(column.in_(uids) for column, uids in part))
        rows.extend(connection.execute(picked))
    rows.sort(key=_order)
    return [_stored(row) for row in rows]


def one_instance(
    connection: Connection, tenant: str, *, study_uid: str, series_uid: str, sop_uid: str
) -> StoredInstance | None:
    """Find one shown instance; viewers ask for one after the other, so that the statement is built once for all."""
    sql, names, constants = _one_query(connection.dialect)
    values = {**constants, "tenant": tenant, "study_uid": study_uid, "series_uid": series_uid, "sop_uid": sop_uid}
    rows = all_rows(connection, sql, values if names is None else tuple(values[name] for name in names))
    return _stored(SimpleNamespace(**dict(zip(_SELECTED, rows[0], strict=True)))) if rows else None


def _parts(column: Column[str], uids: tuple[str, ...]) -> Iterator[tuple[Column[str], tuple[str, ...]]]:
    remaining = iter(uids)
    while part := tuple(islice(remaining, _UIDS_AT_ONCE)):
        # A series or study UID list is also known to the tables above, whose indexes find it faster.
        yield _INDEXED.get(column.name, column), part


_INDEXED: Final[dict[str, Column[str]]] = {
    "study_instance_uid": study.c.study_instance_uid,
    "series_instance_uid": series.c.series_instance_uid,
}


@cache
def _one_query(dialect: Dialect) -> tuple[str, tuple[str, ...] | None, dict[str, Any]]:
    """Give the statement as text, the names of its parameters in their order where that counts, and constant ones."""
    statement = _statement(bindparam("tenant"), None, include_hidden=False).where(
        instance.c.study_instance_uid == bindparam("study_uid"),
        instance.c.series_instance_uid == bindparam("series_uid"),
        instance.c.sop_instance_uid == bindparam("sop_uid"),
    )
    compiled = statement.compile(dialect=dialect)
    names = None if compiled.positiontup is None else tuple(compiled.positiontup)
    return str(compiled), names, dict(compiled.params)


def _statement(tenant: str | BindParameter[str], patient_id: str | None, *, include_hidden: bool) -> Select[Any]:
    joined = study.join(series, series.c.study_id == study.c.id).join(instance, instance.c.series_id == series.c.id)
    # Each table's index begins with the tenant, so each is given it.
    chosen = select(
        study.c.patient_id, series.c.modality, series.c.series_number, *(instance.c[name] for name in _COLUMNS)
    ).select_from(joined)
    chosen = chosen.where(study.c.tenant == tenant, series.c.tenant == tenant, instance.c.tenant == tenant)
    if patient_id is not None:
        # The normal form finds it by index; the ID itself decides, so that no other patient is ever sent.
        text = patient_id.strip()
        chosen = chosen.where(study.c.patient_id_match == normalize_text(text), study.c.patient_id == text)
    if not include_hidden:
        chosen = chosen.where(instance.c.hidden == false())
    return chosen


_COLUMNS: Final = (
    "study_instance_uid",
    "series_instance_uid",
    "sop_instance_uid",
    "sop_class_uid",
    "transfer_syntax_uid",
    "instance_number",
    "blob_key",
    "data_offset",
    "size",
    "content_hash",
    "number_of_frames",
    "rows",
    "columns",
    "hidden",
)
_SELECTED: Final = ("patient_id", "modality", "series_number", *_COLUMNS)


def _number(text: str) -> int | None:
    return int(text) if text.removeprefix("-").isascii() and text.removeprefix("-").isdecimal() else None


def _order(row: Any) -> tuple[str, int, str, int, str]:
    series_number, instance_number = _number(row.series_number), _number(row.instance_number)
    return (
        row.study_instance_uid,
        _WITHOUT_NUMBER if series_number is None else series_number,
        row.series_instance_uid,
        _WITHOUT_NUMBER if instance_number is None else instance_number,
        row.sop_instance_uid,
    )


def _stored(row: Any) -> StoredInstance:
    return StoredInstance(
        patient_id=row.patient_id,
        study_instance_uid=row.study_instance_uid,
        series_instance_uid=row.series_instance_uid,
        sop_instance_uid=row.sop_instance_uid,
        sop_class_uid=row.sop_class_uid,
        transfer_syntax_uid=row.transfer_syntax_uid,
        modality=row.modality,
        instance_number=_number(row.instance_number),
        key=row.blob_key,
        data_offset=row.data_offset,
        size=row.size,
        content_hash=row.content_hash,
        number_of_frames=row.number_of_frames,
        rows=row.rows,
        columns=row.columns,
        # SQLite has no truth values of its own.
        hidden=bool(row.hidden),
    )
