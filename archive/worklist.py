"""The worklist: studies with what their series and jobs add up to."""

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, and_, case, exists, func, or_, select

from archive.errors import InvalidQuery
from archive.job_states import JobState
from archive.matching import normalize_name, normalize_text
from archive.pages import DEFAULT_LIMIT, Page, equals, fetch_page
from archive.tables import job, series, study
from archive.times import iso

_DATE: Final = re.compile(r"\d{8}")
_FILTERS: Final = {
    "study_uid": study.c.study_instance_uid,
    "status": study.c.status,
    "patient_id": study.c.patient_id,
    "accession_number": study.c.accession_number,
}


def listing(
    connection: Connection,
    /,
    tenant: str,
    *,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
    search: str | None = None,
    modality: str | None = None,
    **filters: str | None,
) -> Page:
    """List studies, the last received first.

    Parameters
    ----------
    search
        Words that must all occur in name, ID, accession number or description.
    modality
        A modality that one of the series has.
    filters
        `study_uid`, `status`, `patient_id`, `accession_number`; `from` and `to`: study dates, `20260131` or
        `2026-01-31`.

    Raises
    ------
    InvalidQuery
        A filter is unknown, or its value not possible.
    """
    conditions = [study.c.tenant == tenant, *_between(filters.pop("from", None), filters.pop("to", None))]
    conditions += [_has_word(word) for word in _words(search)]
    if modality:
        conditions.append(exists().where(series.c.study_id == study.c.id, series.c.modality == modality))
    statement = select(study).where(*conditions, *equals(_FILTERS, filters))
    page = fetch_page(connection, statement, study.c.id, dict, limit=limit, cursor=cursor)
    return Page(items=_with_sums(connection, tenant, page.items), next=page.next)


def _between(first: str | None, last: str | None) -> list[ColumnElement[bool]]:
    conditions = []
    if first:
        conditions.append(study.c.study_date >= _date(first))
    if last:
        # A study without a date is in no range.
        conditions.append(and_(study.c.study_date != "", study.c.study_date <= _date(last)))
    return conditions


def _date(text: str) -> str:
    digits = text.replace("-", "")
    if not _DATE.fullmatch(digits):
        raise InvalidQuery("A date looks like 2026-01-31.")
    return digits


def _words(search: str | None) -> list[str]:
    return (search or "").replace("\0", "").replace(",", " ").split()


def _has_word(word: str) -> ColumnElement[bool]:
    text = normalize_text(word)
    return or_(
        study.c.patient_name_match.contains(normalize_name(word), autoescape=True),
        study.c.patient_id_match.contains(text, autoescape=True),
        study.c.accession_number_match.contains(text, autoescape=True),
        study.c.study_description_match.contains(text, autoescape=True),
    )


def _with_sums(connection: Connection, tenant: str, studies: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    by_study = defaultdict(list)
    for row in connection.execute(_series_of([each["id"] for each in studies])).mappings():
        by_study[row["study_id"]].append(row)
    uids = [each["study_instance_uid"] for each in studies]
    percents = {row.study_uid: row.percent for row in connection.execute(_percents(tenant, uids))}
    return [_item(each, by_study[each["id"]], percents.get(each["study_instance_uid"])) for each in studies]


def _series_of(study_ids: Sequence[int]) -> Select[Any]:
    images = case((series.c.own_result, 0), else_=series.c.instance_count)
    return (
        select(series.c.study_id, series.c.modality, func.sum(images).label("images"))
        .where(series.c.study_id.in_(study_ids))
        .group_by(series.c.study_id, series.c.modality)
        .order_by(series.c.modality)
    )


def _percents(tenant: str, study_uids: Sequence[str]) -> Select[Any]:
    present = and_(series.c.id == job.c.series_id, series.c.generation == job.c.generation)
    done = case((job.c.status == JobState.COMPLETE.value, 100), else_=job.c.progress)
    return (
        select(job.c.study_uid, func.avg(done).label("percent"))
        .join(series, present)
        .where(job.c.tenant == tenant, job.c.study_uid.in_(study_uids))
        .where(job.c.status != JobState.SKIPPED.value)
        .group_by(job.c.study_uid)
    )


def _item(row: dict[str, Any], sums: Sequence[RowMapping], percent: float | None) -> dict[str, Any]:
    return {
        "study_uid": row["study_instance_uid"],
        "status": row["status"],
        "percent": 0 if percent is None else int(percent),
        "patient_name": row["patient_name"],
        "patient_id": row["patient_id"],
        "study_date": row["study_date"],
        "modalities": [each["modality"] for each in sums if each["modality"]],
        "description": row["study_description"],
        "accession_number": row["accession_number"],
        # The images of the study, without what the node itself added to it.
        "instances": sum(int(each["images"]) for each in sums),
        "received": iso(row["created"]),
        "updated": iso(row["updated"]),
    }
