"""What a person decides about a result: accepted or rejected."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, select, update

from archive import audit
from archive.errors import Conflict
from archive.event_types import ResultAccepted, ResultRejected
from archive.result_rows import DeliverResult, NewResult, add, announce, as_item, find, names
from archive.result_states import CURRENT, ResultState
from archive.supersession import supersede
from archive.tables import instance, result


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedReport:
    """The new report that accepting a result makes; it is in the archive already."""

    series_uid: str
    sop_instance_uid: str
    sop_class_uid: str


def acceptable(connection: Connection, tenant: str, result_id: int) -> dict[str, Any]:
    """Return a result that may be accepted: to be asked before the verified report is made.

    Raises
    ------
    NotFound
        There is none with this id.
    Conflict
        It is no report, or was decided upon already.
    """
    row = find(connection, tenant, result_id)
    _require_acceptable(row)
    return as_item(row)


def accept(
    connection: Connection,
    tenant: str,
    result_id: int,
    report: VerifiedReport,
    *,
    principal: str,
    now: float,
    comment: str = "",
    deliver: DeliverResult | None = None,
) -> dict[str, Any]:
    """Record that a person accepted a result, and with that the verified report, and return the new result.

    Raises
    ------
    NotFound
        There is none with this id.
    Conflict
        It is no report, or was decided upon already.
    """
    old = find(connection, tenant, result_id, to_change=True)
    _require_acceptable(old)
    decided = {"comment": comment, "decided_by": principal}
    new = add(
        connection, tenant, _verified(old, report), now=now, state=ResultState.ACCEPTED, deliver=deliver, **decided
    )
    announce(connection, new, ResultAccepted(**names(new), predecessor_uid=old["sop_instance_uid"]), now=now)
    for row in connection.execute(_replaced_by(new)).mappings().all():
        supersede(connection, row, new["sop_instance_uid"], now=now)
    _write_audit(connection, old, audit.Action.RESULT_ACCEPTED, principal=principal, comment=comment, now=now)
    return as_item(new)


def reject(
    connection: Connection, tenant: str, result_id: int, *, principal: str, reason: str, now: float
) -> dict[str, Any]:
    """Record that a person rejected a result: all objects of its run are hidden from other systems.

    Raises
    ------
    NotFound
        There is none with this id.
    Conflict
        It was rejected, or superseded, already.
    """
    chosen = find(connection, tenant, result_id, to_change=True)
    if chosen["state"] not in CURRENT:
        raise Conflict(f"The result is {chosen['state']}.")
    for row in connection.execute(_of_run(chosen)).mappings().all():
        _hide(connection, row)
        if row["state"] in CURRENT:
            _reject_one(connection, row, principal, reason, now)
    _write_audit(connection, chosen, audit.Action.RESULT_REJECTED, principal=principal, comment=reason, now=now)
    return as_item(find(connection, tenant, result_id))


def _require_acceptable(row: RowMapping) -> None:
    if row["modality"] != "SR":
        raise Conflict("Only a report can be accepted.")
    if row["state"] != ResultState.PRELIMINARY.value:
        raise Conflict(f"The result is {row['state']}.")


def _verified(old: RowMapping, report: VerifiedReport) -> NewResult:
    kept = ("job_id", "study_uid", "analyzed_series_uid", "modality", "analyzer", "version")
    return NewResult(
        **{name: old[name] for name in kept},
        series_uid=report.series_uid,
        sop_instance_uid=report.sop_instance_uid,
        sop_class_uid=report.sop_class_uid,
        predecessor_uid=old["sop_instance_uid"],
    )


def _replaced_by(new: RowMapping) -> Select[Any]:
    """Select the accepted report itself, and what a person accepted of an earlier state of the series."""
    same = [result.c[name] == new[name] for name in ("tenant", "analyzed_series_uid", "analyzer", "modality")]
    earlier = result.c.state == ResultState.ACCEPTED.value
    itself = result.c.sop_instance_uid == new["predecessor_uid"]
    return select(result).where(*same, result.c.id != new["id"], earlier | itself).order_by(result.c.id)


def _of_run(row: RowMapping) -> Select[Any]:
    if row["job_id"] is None:
        return select(result).where(result.c.id == row["id"])
    same = [result.c[name] == row[name] for name in ("tenant", "job_id")]
    return select(result).where(*same).order_by(result.c.id)


def _hide(connection: Connection, row: RowMapping) -> None:
    which = (instance.c.tenant == row["tenant"], instance.c.sop_instance_uid == row["sop_instance_uid"])
    connection.execute(update(instance).where(*which).values(hidden=True))


def _reject_one(connection: Connection, row: RowMapping, principal: str, reason: str, now: float) -> None:
    values = {"state": ResultState.REJECTED.value, "decided_by": principal, "comment": reason}
    connection.execute(update(result).where(result.c.id == row["id"]).values(values))
    announce(connection, row, ResultRejected(**names(row), reason=reason), now=now)


def _write_audit(
    connection: Connection, row: RowMapping, action: audit.Action, *, principal: str, comment: str, now: float
) -> None:
    detail = {"result_id": str(row["id"]), "sop_instance_uid": row["sop_instance_uid"], "comment": comment}
    audit.append(
        connection,
        row["tenant"],
        action,
        principal=principal,
        now=now,
        study_uid=row["study_uid"],
        detail=detail,
    )
