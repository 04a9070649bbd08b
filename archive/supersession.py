"""Which results a newer one takes the place of."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, select, update

from archive.event_types import ResultSuperseded
from archive.result_rows import announce, names
from archive.result_states import ResultState
from archive.tables import job, result


def supersede(connection: Connection, row: RowMapping, successor_uid: str | None, *, now: float) -> None:
    """Mark a result as superseded, and say by what."""
    connection.execute(update(result).where(result.c.id == row["id"]).values(state=ResultState.SUPERSEDED.value))
    event = ResultSuperseded(**names(row), predecessor_uid=row["sop_instance_uid"], successor_uid=successor_uid)
    announce(connection, row, event, now=now)


def supersede_earlier_generations(
    connection: Connection, tenant: str, *, analyzed_series_uid: str, analyzer: str, now: float
) -> None:
    """Let only the results about the newest state of a series stand.

    A job over an earlier generation may end after one over a later generation: its results are superseded as they
    come. What a person accepted stays until a person decides again.
    """
    rows = connection.execute(_of_series(tenant, analyzed_series_uid, analyzer)).mappings().all()
    newest = max((row["generation"] for row in rows), default=0)
    successors = {row["modality"]: row["sop_instance_uid"] for row in rows if row["generation"] == newest}
    for row in _outdated(rows, newest):
        supersede(connection, row, successors.get(row["modality"]), now=now)


def _of_series(tenant: str, analyzed_series_uid: str, analyzer: str) -> Select[Any]:
    return (
        select(result, job.c.generation)
        .join(job, job.c.id == result.c.job_id)
        .where(result.c.tenant == tenant, result.c.analyzer == analyzer)
        .where(result.c.analyzed_series_uid == analyzed_series_uid)
        .order_by(result.c.id)
    )


def _outdated(rows: Sequence[RowMapping], newest: int) -> list[RowMapping]:
    preliminary = ResultState.PRELIMINARY.value
    return [row for row in rows if row["generation"] < newest and row["state"] == preliminary]
