"""What those need to know of series who make pictures ahead: which grow, whether one changed, whether anybody sends."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, false, select

from archive.tables import instance, series

_AT_ONCE: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesMark:
    """A series at a moment.

    Parameters
    ----------
    series_id, tenant, study_instance_uid, series_instance_uid
        Which.
    state
        Another one when instances came, went or were replaced. To be complete makes no other one of it.
    complete
        False while images are coming.
    """

    series_id: int
    tenant: str
    study_instance_uid: str
    series_instance_uid: str
    state: str
    complete: bool


_COLUMNS: Final = [
    series.c[name]
    for name in (
        *("id", "tenant", "study_instance_uid", "series_instance_uid"),
        *("generation", "instance_count", "last_arrival", "complete"),
    )
]


def marks(connection: Connection, series_ids: Collection[int]) -> dict[int, SeriesMark]:
    """Describe series by their ids; those that are not there any more are left out."""
    rows = connection.execute(select(*_COLUMNS).where(series.c.id.in_(sorted(series_ids))))
    return {row.id: _mark(row) for row in rows}


def growing(connection: Connection) -> list[SeriesMark]:
    """List series that are not complete, those that were added to last; of too many only some."""
    kept = series.c
    found = select(*_COLUMNS).where(kept.complete == false(), kept.last_arrival.is_not(None))
    return [_mark(row) for row in connection.execute(found.order_by(kept.last_arrival.desc()).limit(_AT_ONCE))]


def _mark(row: Row[Any]) -> SeriesMark:
    # When it is complete it gets the next generation.
    generation = row.generation if row.complete else row.generation + 1
    return SeriesMark(
        series_id=row.id,
        tenant=row.tenant,
        study_instance_uid=row.study_instance_uid,
        series_instance_uid=row.series_instance_uid,
        state=f"{generation}:{row.instance_count}:{row.last_arrival}",
        complete=row.complete,
    )


def newest_arrival(connection: Connection) -> float:
    """Tell when the newest object was stored, in seconds since the epoch; 0 when there is none."""
    newest = select(instance.c.received).order_by(instance.c.id.desc()).limit(1)
    return connection.execute(newest).scalar_one_or_none() or 0.0
