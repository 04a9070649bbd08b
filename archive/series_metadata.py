"""Metadata of series that are kept ready: by whom they are wanted, and whether they still say what is stored.

What is in `content` is made elsewhere (`dicomweb.series_metadata`); here it is bytes.
"""

from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Select, Text, bindparam, cast, false, func, select, update

from archive.inserting import insert_missing
from archive.retrieve import StoredInstance, instances
from archive.series_summary import SeriesSummary
from archive.tables import instance, series, series_metadata

_AT_ONCE: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesState:
    """What a series is made of at a moment.

    Parameters
    ----------
    series_id, tenant, study_instance_uid, series_instance_uid
        Which series.
    instances
        How many of its instances are shown.
    state
        Another one when instances came, went, were replaced, hidden or shown again.
    """

    series_id: int
    tenant: str
    study_instance_uid: str
    series_instance_uid: str
    instances: int
    state: str


def states(connection: Connection, tenant: str, study_uid: str, series_uid: str | None = None) -> list[SeriesState]:
    """Describe the series of a study, or one of them; those of which nothing is shown are left out.

    They stand in the order in which `archive.retrieve.instances` lists their instances.
    """
    given = {"tenant": tenant, "study": study_uid, "series": series_uid}
    rows = connection.execute(_STUDY if series_uid is None else _SERIES, given)
    return [_state(row) for row in sorted(rows, key=_order) if row.state]


def with_instances(connection: Connection, known: SeriesState) -> tuple[SeriesState, list[StoredInstance]]:
    """Return the state of a series now, and its instances in that state."""
    now = states(connection, known.tenant, known.study_instance_uid, known.series_instance_uid)
    if not now:
        return replace(known, instances=0, state=""), []
    uids = ([known.study_instance_uid], [known.series_instance_uid])
    return now[0], instances(connection, known.tenant, study_uids=uids[0], series_uids=uids[1])


def content_of(connection: Connection, series_state: SeriesState) -> bytes | None:
    """Return what was made of this very state; none where nothing was, or nothing that is kept."""
    kept = series_metadata.c
    which = (kept.series_id == series_state.series_id, kept.state == series_state.state)
    content: bytes | None = connection.execute(select(kept.content).where(*which)).scalar_one_or_none()
    return content


def expect(connection: Connection, summary: SeriesSummary, *, now: float) -> None:
    """Note that somebody should make the metadata of a series; called when it is complete, in the same transaction."""
    row = {"series_id": summary.series_id, "tenant": summary.tenant}
    insert_missing(connection, series_metadata, [row])
    which = series_metadata.c.series_id == summary.series_id
    connection.execute(update(series_metadata).where(which).values(wanted=now))


def wanted(connection: Connection) -> list[SeriesState]:
    """List series whose metadata somebody should make, the longest wanted first."""
    due = select(series_metadata.c.series_id).where(series_metadata.c.wanted.is_not(None))
    ids = connection.execute(due.order_by(series_metadata.c.wanted).limit(_AT_ONCE)).scalars().all()
    return [_state(row) for row in connection.execute(_WANTED, {"ids": ids})] if ids else []


def put(connection: Connection, made_of: SeriesState, content: bytes | None) -> None:
    """Keep what was made of a state; none for what is too large to be kept.

    A series that was deleted meanwhile is passed over.
    """
    exists = select(series.c.id).where(series.c.id == made_of.series_id).with_for_update()
    if connection.execute(exists).first() is None:
        return
    insert_missing(connection, series_metadata, [{"series_id": made_of.series_id, "tenant": made_of.tenant}])
    which = series_metadata.c.series_id == made_of.series_id
    values = {"state": made_of.state, "content": content, "wanted": None}
    connection.execute(update(series_metadata).where(which).values(values))


def _statement(*which: ColumnElement[bool]) -> Select[Any]:
    shown = (instance.c.series_id == series.c.id, instance.c.hidden == false())
    count, keys, latest = (cast(part, Text) for part in _PARTS)
    now = select(count + ":" + keys + ":" + latest).where(*shown).scalar_subquery().label("state")
    return select(*(series.c[name] for name in _COLUMNS), now).where(*which)


# A replaced object has the key of the one before, but came later.
_PARTS: Final = (func.count(), func.sum(instance.c.id), func.max(instance.c.received))
_COLUMNS: Final = ("id", "tenant", "study_instance_uid", "series_instance_uid", "series_number")
_OF_STUDY: Final = (series.c.tenant == bindparam("tenant"), series.c.study_instance_uid == bindparam("study"))
_STUDY: Final = _statement(*_OF_STUDY)
_SERIES: Final = _statement(*_OF_STUDY, series.c.series_instance_uid == bindparam("series"))
_WANTED: Final = _statement(series.c.id.in_(bindparam("ids", expanding=True)))


def _state(row: Row[Any]) -> SeriesState:
    # Of no instances there is no sum, and so no state.
    state = row.state or ""
    return SeriesState(
        series_id=row.id,
        tenant=row.tenant,
        study_instance_uid=row.study_instance_uid,
        series_instance_uid=row.series_instance_uid,
        instances=int(state.partition(":")[0] or 0),
        state=state,
    )


def _order(row: Row[Any]) -> tuple[bool, int, str]:
    number = row.series_number
    is_number = number.isascii() and number.isdecimal()
    return not is_number, int(number) if is_number else 0, row.series_instance_uid
