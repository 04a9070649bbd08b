"""Results: the objects that analyzers made, and what became of them."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, select

from archive.decisions import VerifiedReport, accept, acceptable, reject
from archive.pages import DEFAULT_LIMIT, Page, equals, fetch_page
from archive.result_rows import DeliverResult, NewResult, add, as_item, find
from archive.result_states import CURRENT, ResultState
from archive.supersession import supersede_earlier_generations
from archive.tables import result

__all__ = [
    "DeliverResult",
    "NewResult",
    "ResultState",
    "VerifiedReport",
    "accept",
    "acceptable",
    "get",
    "listing",
    "predecessor",
    "record",
    "reject",
]

_FILTERS: Final = (
    *("id", "job_id", "study_uid", "series_uid", "analyzed_series_uid", "sop_instance_uid", "sop_class_uid"),
    *("modality", "analyzer", "version", "predecessor_uid"),
)


def record(
    connection: Connection,
    tenant: str,
    results: Sequence[NewResult],
    *,
    now: float,
    deliver: DeliverResult | None = None,
) -> list[int]:
    """Record the objects of a run; those that earlier runs made over the same series are superseded by them.

    Objects that are recorded already stay as they are, so that a run which is reported twice is kept once.

    Returns
    -------
    list of int
        The ids of the results.
    """
    ids = [_record_one(connection, tenant, new, now, deliver) for new in results]
    for series_uid, analyzer in sorted({(new.analyzed_series_uid, new.analyzer) for new in results}):
        supersede_earlier_generations(connection, tenant, analyzed_series_uid=series_uid, analyzer=analyzer, now=now)
    return ids


def listing(
    connection: Connection,
    /,
    tenant: str,
    *,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
    **filters: str | None,
) -> Page:
    """List results, filtered by the names of their fields; without `state` those that count, `state="all"` all."""
    state = filters.pop("state", None)
    statement = select(result).where(result.c.tenant == tenant)
    statement = statement.where(*equals({name: result.c[name] for name in _FILTERS}, filters))
    if state != "all":
        statement = statement.where(result.c.state.in_(CURRENT if state is None else (state,)))
    return fetch_page(connection, statement, result.c.id, as_item, limit=limit, cursor=cursor)


def get(connection: Connection, tenant: str, result_id: int) -> dict[str, Any]:
    """Return one result.

    Raises
    ------
    NotFound
        There is none with this id.
    """
    return as_item(find(connection, tenant, result_id))


def predecessor(
    connection: Connection, tenant: str, *, analyzed_series_uid: str, analyzer: str, modality: str = "SR"
) -> str | None:
    """Return the SOP Instance UID of the newest report that counts, for the next one to follow; None without one."""
    statement = (
        select(result.c.sop_instance_uid)
        .where(result.c.tenant == tenant, result.c.state.in_(CURRENT), result.c.modality == modality)
        .where(result.c.analyzed_series_uid == analyzed_series_uid, result.c.analyzer == analyzer)
        .order_by(result.c.id.desc())
        .limit(1)
    )
    return connection.execute(statement).scalar_one_or_none()


def _record_one(connection: Connection, tenant: str, new: NewResult, now: float, deliver: DeliverResult | None) -> int:
    same = (result.c.tenant == tenant, result.c.sop_instance_uid == new.sop_instance_uid)
    existing = connection.execute(select(result.c.id).where(*same)).scalar_one_or_none()
    if existing is not None:
        return int(existing)
    return int(add(connection, tenant, new, now=now, deliver=deliver)["id"])
