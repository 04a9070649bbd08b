"""What ingest wrote beside each instance, folded into counters, coalesced events and audit records."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, delete, exists, or_, select, update

from archive import audit, events, rollup
from archive.event_types import InstanceStored
from archive.inserting import insert_missing
from archive.origin import OriginKind
from archive.tables import arrival, series, series_association

# One transaction takes so many at most: it stays short, and the next one takes the rest.
_BATCH: Final = 5_000
# At most four `instance.stored` a second for a series.
ANNOUNCE_SECONDS: Final = 0.25
STORED: Final = "stored"
REPLACED: Final = "replaced"
# Arrivals that change what a series is made of; duplicates do not.
_CHANGES: Final = (STORED, REPLACED)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fold:
    """What arrived for one series."""

    stored: int
    latest: float
    source: str
    own_result: bool
    association_ids: frozenset[int]


def collect_arrivals(connection: Connection, now: float) -> int:
    """Fold what arrived since the last call into the series, announce it, and write the audit records.

    Returns
    -------
    int
        How many arrivals and messages there were: 0 means that nothing changed.
    """
    events.lock_order(connection)
    rows = _take(connection)
    if rows:
        known = _series_of(connection, {row["series_id"] for row in rows})
        _fold_into_series(connection, known, rows)
        _write_audit(connection, known, rows, now)
        for tenant, study_uid in sorted({(each["tenant"], each["study_instance_uid"]) for each in known.values()}):
            rollup.refresh_status(connection, tenant, study_uid, now=now)
    return len(rows) + announce(connection, now)


def announce(connection: Connection, now: float) -> int:
    """Send `instance.stored` for each series that has something new and was not announced a moment ago.

    What is held back goes out with a later call, with or without new arrivals.
    """
    unannounced = select(series).where(is_unannounced(), _may_be_announced(now)).order_by(series.c.id)
    rows = connection.execute(unannounced).mappings().all()
    for row in rows:
        count = row["instance_count"] - row["announced_count"]
        event = InstanceStored(count=count, total=row["instance_count"], source=row["last_source"])
        uids = {"study_uid": row["study_instance_uid"], "series_uid": row["series_instance_uid"]}
        events.append(connection, row["tenant"], event, now=now, **uids)
        values = {"announced_count": row["instance_count"], "last_announced": now}
        connection.execute(update(series).where(series.c.id == row["id"]).values(values))
    return len(rows)


def is_unannounced() -> ColumnElement[bool]:
    """Return the condition that a series has instances that no message told of.

    The node's own results are told of by `result.stored`.
    """
    is_open = and_(series.c.complete.is_(False), series.c.own_result.is_(False))
    return and_(is_open, series.c.instance_count > series.c.announced_count)


def is_idle(connection: Connection, now: float) -> bool:
    """Tell whether `collect_arrivals` has nothing to do: asked first, because ingest waits for every writer."""
    arrived = exists().select_from(arrival)
    to_announce = exists().where(is_unannounced(), _may_be_announced(now))
    return not connection.execute(select(or_(arrived, to_announce))).scalar_one()


def _may_be_announced(now: float) -> ColumnElement[bool]:
    return or_(series.c.last_announced.is_(None), series.c.last_announced <= now - ANNOUNCE_SECONDS)


def _take(connection: Connection) -> Sequence[RowMapping]:
    oldest = select(arrival.c.id).order_by(arrival.c.id).limit(_BATCH).with_for_update(skip_locked=True)
    taken = delete(arrival).where(arrival.c.id.in_(oldest.scalar_subquery())).returning(*arrival.c)
    return sorted(connection.execute(taken).mappings(), key=lambda row: int(row["id"]))


def _series_of(connection: Connection, ids: Iterable[int]) -> dict[int, RowMapping]:
    """Return the rows of the series; those of a study that was deleted meanwhile are not there."""
    statement = select(series).where(series.c.id.in_(sorted(ids))).order_by(series.c.id).with_for_update()
    return {row["id"]: row for row in connection.execute(statement).mappings()}


def _fold_into_series(connection: Connection, known: dict[int, RowMapping], rows: Sequence[RowMapping]) -> None:
    by_series = defaultdict(list)
    for row in rows:
        if row["series_id"] in known and row["outcome"] in _CHANGES:
            by_series[row["series_id"]].append(row)
    for series_id, arrived in sorted(by_series.items()):
        fold = _fold(arrived)
        connection.execute(update(series).where(series.c.id == series_id).values(_changes(known[series_id], fold)))
        _remember_associations(connection, known[series_id], fold.association_ids)


def _fold(arrived: Sequence[RowMapping]) -> _Fold:
    return _Fold(
        stored=sum(row["outcome"] == STORED for row in arrived),
        latest=max(row["received"] for row in arrived),
        source=arrived[-1]["source"],
        own_result=any(row["origin"] == OriginKind.ANALYSIS.value for row in arrived),
        association_ids=frozenset(row["association_id"] for row in arrived if row["association_id"] is not None),
    )


def _changes(row: RowMapping, fold: _Fold) -> dict[str, Any]:
    return {
        "instance_count": row["instance_count"] + fold.stored,
        "last_arrival": max(fold.latest, row["last_arrival"] or 0.0),
        "last_source": fold.source,
        # Late images open a complete series again.
        "complete": False,
        "own_result": row["own_result"] or fold.own_result,
    }


def _remember_associations(connection: Connection, row: RowMapping, association_ids: Iterable[int]) -> None:
    place = {"series_id": row["id"], "tenant": row["tenant"]}
    insert_missing(
        connection, series_association, [{**place, "association_id": each} for each in sorted(association_ids)]
    )


def _write_audit(connection: Connection, known: dict[int, RowMapping], rows: Sequence[RowMapping], now: float) -> None:
    """Write one record for each sender and study (PS3.15 Section A.5.3.7, DICOM Instances Transferred)."""
    groups = Counter(
        (row["tenant"], known[row["series_id"]]["study_instance_uid"], row["outcome"], _sender(row))
        for row in rows
        if row["series_id"] in known
    )
    for (tenant, study_uid, outcome, sender), count in groups.items():
        origin, source, address, association_id = sender
        audit.append(
            connection,
            tenant,
            audit.Action.INSTANCE_REPLACED if outcome == REPLACED else audit.Action.INSTANCES_STORED,
            principal=source,
            now=now,
            address=address,
            study_uid=study_uid,
            detail={"count": count, "origin": origin, "outcome": outcome, "association_id": association_id},
        )


def _sender(row: RowMapping) -> tuple[str, str, str, int | None]:
    return row["origin"], row["source"], row["address"], row["association_id"]
