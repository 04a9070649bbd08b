"""When a series is complete, and what follows from that: jobs, deliveries, or a record of why nothing does.

Complete means: no instance for the quiet time, and no association open that stored into it; or all instances that a
completed procedure step lists, and no others (`archive.performed`). Images that come later open the series again; it
completes again, as a new generation with new jobs.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, and_, delete, exists, func, or_, update
from sqlalchemy import select as sql_select

from archive import events, jobs, rollup
from archive.arrivals import ANNOUNCE_SECONDS, collect_arrivals, is_idle, is_unannounced
from archive.associations import is_alive
from archive.event_types import SeriesComplete
from archive.performed import is_listed_and_here
from archive.series_summary import SeriesSummary, find_summary, summarize
from archive.tables import arrival, association, series, series_association

__all__ = [
    "Selection",
    "SeriesSummary",
    "collect_arrivals",
    "find_summary",
    "is_idle",
    "is_settled",
    "next_due",
    "settle",
]

# Some senders keep an association open for hours: it holds a series back for so long after its last instance.
_HOLD_SECONDS: Final = 300.0
# Arrivals are collected so long after the first of them: each collection is a write that ingest waits for.
_COLLECT_SECONDS: Final = 0.25
# One transaction settles so many series at most.
_BATCH: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What shall look at a series.

    Parameters
    ----------
    analyzers
        Name and version of each analyzer that takes it.
    reason
        Why none does, where none does.
    """

    analyzers: tuple[tuple[str, str], ...] = ()
    reason: str = ""


SelectAnalyzers = Callable[[SeriesSummary], Selection]
# Called in the transaction that completes a series, with its summary: writes the deliveries that routes demand.
OnComplete = Callable[[Connection, SeriesSummary], object]


def settle(
    connection: Connection,
    *,
    now: float,
    quiet_seconds: float,
    select: SelectAnalyzers,
    on_complete: OnComplete | None = None,
) -> int:
    """Complete the series that have been quiet for long enough, and make their jobs.

    What the node made itself completes too, without jobs: a result never starts an analysis.

    Parameters
    ----------
    now
        Seconds since the epoch.
    quiet_seconds
        No new instance for this long.
    select
        Says which analyzers take a series.
    on_complete
        Called for each series but the node's own, in the same transaction.

    Returns
    -------
    int
        How many series were completed.
    """
    is_due = _due(now, quiet_seconds)
    if connection.execute(is_due).first() is None:
        return 0
    events.lock_order(connection)
    due = connection.execute(is_due.with_for_update(of=series, skip_locked=True)).mappings().all()
    for row in due:
        _complete(connection, row, select, on_complete, now)
    return len(due)


def is_settled(connection: Connection, *, now: float, quiet_seconds: float) -> bool:
    """Tell whether `settle` has nothing to do: asked first, because ingest waits for every writer."""
    return connection.execute(_due(now, quiet_seconds).with_only_columns(series.c.id)).first() is None


def next_due(connection: Connection, *, now: float, quiet_seconds: float) -> float | None:
    """Return when `collect_arrivals` or `settle` next has something to do, for a loop that sleeps until then.

    A time in the past means at once, or as soon as an association ends: the caller looks again after a short while.
    None means: not before a new instance arrives.
    """
    oldest = sql_select(arrival.c.received).order_by(arrival.c.id).limit(1)
    received: float | None = connection.execute(oldest).scalar_one_or_none()
    if received is not None:
        # A listener on another machine may have a clock that is ahead.
        return received + _COLLECT_SECONDS if received <= now else now
    is_open = series.c.complete.is_(False)
    if connection.execute(sql_select(exists().where(is_open, is_listed_and_here()))).scalar_one():
        return now
    quiet = sql_select(func.min(series.c.last_arrival)).where(is_open)
    announced = sql_select(func.min(series.c.last_announced)).where(is_unannounced())
    waits = ((quiet, quiet_seconds), (announced, ANNOUNCE_SECONDS))
    times = [(connection.execute(statement).scalar_one(), seconds) for statement, seconds in waits]
    return min((time + seconds for time, seconds in times if time is not None), default=None)


def _due(now: float, quiet_seconds: float) -> Select[Any]:
    is_quiet = series.c.last_arrival <= now - quiet_seconds
    uncollected = exists().where(arrival.c.series_id == series.c.id)
    held = and_(_has_open_association(now), series.c.last_arrival > now - _HOLD_SECONDS)
    return (
        sql_select(series)
        # The messages of a series' instances come before that of its end.
        .where(series.c.complete.is_(False), or_(is_listed_and_here(), and_(is_quiet, ~held)))
        .where(~is_unannounced(), ~uncollected)
        .order_by(series.c.id)
        .limit(_BATCH)
    )


def _has_open_association(now: float) -> ColumnElement[bool]:
    return exists().where(
        series_association.c.series_id == series.c.id,
        association.c.id == series_association.c.association_id,
        is_alive(now),
    )


def _complete(
    connection: Connection,
    row: RowMapping,
    select_analyzers: SelectAnalyzers,
    on_complete: OnComplete | None,
    now: float,
) -> None:
    completed = _mark_complete(connection, row)
    if not completed["own_result"]:
        event = SeriesComplete(instances=completed["instance_count"], modality=completed["modality"])
        uids = {"study_uid": completed["study_instance_uid"], "series_uid": completed["series_instance_uid"]}
        events.append(connection, completed["tenant"], event, now=now, **uids)
        summary = summarize(connection, completed["id"])
        _make_jobs(connection, completed, select_analyzers(summary), now)
        if on_complete is not None:
            on_complete(connection, summary)
    rollup.refresh_status(connection, completed["tenant"], completed["study_instance_uid"], now=now)


def _mark_complete(connection: Connection, row: RowMapping) -> RowMapping:
    which = series_association.c.series_id == row["id"]
    connection.execute(delete(series_association).where(which))
    values = {"complete": True, "generation": row["generation"] + 1}
    statement = update(series).where(series.c.id == row["id"]).values(values).returning(*series.c)
    return connection.execute(statement).mappings().one()


def _make_jobs(connection: Connection, row: RowMapping, selection: Selection, now: float) -> None:
    jobs.retire(connection, row, now=now)
    for analyzer, version in selection.analyzers:
        jobs.create(connection, row, analyzer, version, now=now)
    if not selection.analyzers:
        jobs.create_skipped(connection, row, selection.reason or "no analyzer takes this series", now=now)
