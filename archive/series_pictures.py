"""What those need to know of series who make pictures ahead: whether one changed, and whether anybody sends."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, select

from archive.tables import instance, series


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesMark:
    """A series at a moment.

    Parameters
    ----------
    study_instance_uid, series_instance_uid
        Which.
    state
        Another one when it was complete again, or instances were deleted.
    complete
        False while images are coming.
    """

    study_instance_uid: str
    series_instance_uid: str
    state: str
    complete: bool


def marks(connection: Connection, series_ids: Collection[int]) -> dict[int, SeriesMark]:
    """Describe series by their ids; those that are not there any more are left out."""
    kept = series.c
    names = ("id", "study_instance_uid", "series_instance_uid", "generation", "instance_count", "complete")
    columns = [kept[name] for name in names]
    rows = connection.execute(select(*columns).where(kept.id.in_(sorted(series_ids))))
    return {
        row.id: SeriesMark(
            study_instance_uid=row.study_instance_uid,
            series_instance_uid=row.series_instance_uid,
            state=f"{row.generation}:{row.instance_count}",
            complete=row.complete,
        )
        for row in rows
    }


def newest_arrival(connection: Connection) -> float:
    """Tell when the newest object was stored, in seconds since the epoch; 0 when there is none."""
    newest = select(instance.c.received).order_by(instance.c.id.desc()).limit(1)
    return connection.execute(newest).scalar_one_or_none() or 0.0
