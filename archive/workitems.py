"""Workitems: unified procedure steps as DIMSE and UPS-RS create, perform, cancel and read them (PS3.4 Annex CC).

One model for both edges. A workitem that shows a job of this node changes with the job, and whatever is done to it is
done to the job; all others are kept for those who perform them.
"""

from typing import Any, Final

from sqlalchemy import Connection, RowMapping, func, select

from archive import audit, events, workitem_performing
from archive.attribute_lists import AttributeList, has_value, items, text
from archive.procedure_rules import ValueNotAllowed
from archive.tables import workitem_subscription
from archive.uids import is_valid_uid
from archive.workitem_codes import analyzer_of
from archive.workitem_endings import cancellation
from archive.workitem_errors import (
    AlreadyCompleted,
    AlreadyInProgress,
    NoLongerUpdated,
    NotInProgress,
    OnlyCreatedScheduled,
    PerformedHere,
    PerformerNotContacted,
    WrongTransaction,
)
from archive.workitem_performing import Performing
from archive.workitem_reports import tell_cancel_request
from archive.workitem_rows import add, find, hold, lock, set_state
from archive.workitem_rows import change as change_row
from archive.workitem_rules import INPUT, TRANSACTION, check_change, check_completion, check_creation
from archive.workitem_states import FINAL, Outcome, WorkitemState

__all__ = ["Performing", "change", "change_state", "create", "find", "request_cancel"]

_REASON: Final = "ReasonForCancellation"


def create(
    connection: Connection,
    tenant: str,
    sop_instance_uid: str,
    attributes: AttributeList,
    *,
    principal: str,
    now: float,
) -> Outcome:
    """Keep a workitem (N-CREATE, PS3.4 Section CC.2.5).

    One over one series that is scheduled for an analyzer of this node is taken up by a worker, which makes the job.

    Raises
    ------
    WorkitemExists
        The SOP instance exists.
    NodeError
        What `workitem_rules.check_creation` raises.
    """
    filled = check_creation(attributes)
    events.lock_order(connection)
    series = {(text(item, "StudyInstanceUID"), text(item, "SeriesInstanceUID")) for item in items(filled, INPUT)}
    study_uid, series_uid = series.pop() if len(series) == 1 else ("", "")
    about = {"analyzer": analyzer_of(filled), "study_uid": study_uid, "series_uid": series_uid}
    row = add(connection, tenant, sop_instance_uid, filled, now=now, **about)
    _record(connection, row, audit.Action.WORKITEM_CREATED, principal, now)
    made_up = not has_value(attributes, "WorklistLabel")
    return Outcome.CREATED_WITH_MODIFICATIONS if made_up else Outcome.DONE


def change(
    connection: Connection,
    tenant: str,
    sop_instance_uid: str,
    attributes: AttributeList,
    performing: Performing,
    *,
    now: float,
) -> Outcome:
    """Put `attributes` in the place of those of the same name (N-SET, PS3.4 Section CC.2.6).

    Raises
    ------
    NotFound
        There is no such workitem.
    PerformedHere
        It waits, and this node has scheduled it.
    NodeError
        What `workitem_rules.check_change` raises.
    """
    events.lock_order(connection)
    row = lock(connection, tenant, sop_instance_uid)
    transaction_uid = text(attributes, TRANSACTION)
    changed = check_change(row["state"], row["transaction_uid"], row["attributes"], attributes, transaction_uid)
    _require_performer(row, transaction_uid)
    row = change_row(connection, row, changed, now=now)
    if row["job_id"] is not None and transaction_uid:
        workitem_performing.update(connection, row, changed, performing, now=now)
    return Outcome.DONE


def change_state(
    connection: Connection,
    tenant: str,
    sop_instance_uid: str,
    action: AttributeList,
    performing: Performing,
    *,
    principal: str,
    now: float,
) -> Outcome:
    """Claim, complete or cancel a workitem (Change UPS State, PS3.4 Table CC.1.1-2).

    Raises
    ------
    NotFound
        There is no such workitem.
    NodeError
        The state does not allow it, or the Transaction UID is not that of the claim.
    """
    events.lock_order(connection)
    row = lock(connection, tenant, sop_instance_uid)
    wanted, transaction_uid = text(action, "ProcedureStepState"), text(action, TRANSACTION)
    if wanted == WorkitemState.SCHEDULED:
        raise OnlyCreatedScheduled
    if wanted not in set(WorkitemState):
        raise ValueNotAllowed("ProcedureStepState is none of IN PROGRESS, COMPLETED, CANCELED.")
    if wanted == WorkitemState.IN_PROGRESS:
        _claim(connection, row, transaction_uid, performing, performer=principal, now=now)
        outcome = Outcome.DONE
    else:
        outcome = _end(connection, row, WorkitemState(wanted), transaction_uid, performing, now=now)
    if outcome is Outcome.DONE:
        _record(connection, {**row, "state": wanted}, audit.Action.WORKITEM_CHANGED, principal, now)
    return outcome


def request_cancel(
    connection: Connection,
    tenant: str,
    sop_instance_uid: str,
    action: AttributeList,
    *,
    requesting_ae: str,
    now: float,
) -> Outcome:
    """Ask that a workitem be canceled (Request UPS Cancel, PS3.4 Section CC.2.2).

    One that waits is canceled at once, one that is performed when its performer agrees.

    Raises
    ------
    NotFound
        There is no such workitem.
    AlreadyCompleted
        It is over.
    PerformerNotContacted
        Nobody would hear of the request.
    """
    events.lock_order(connection)
    row = lock(connection, tenant, sop_instance_uid)
    if row["state"] == WorkitemState.CANCELED:
        return Outcome.ALREADY_CANCELED
    if row["state"] == WorkitemState.COMPLETED:
        raise AlreadyCompleted
    _record(connection, row, audit.Action.WORKITEM_CANCEL_REQUESTED, requesting_ae, now)
    if row["state"] == WorkitemState.IN_PROGRESS and row["transaction_uid"] and not _has_subscribers(connection, row):
        raise PerformerNotContacted
    if row["state"] == WorkitemState.SCHEDULED:
        # Every request is told, also where it is granted at once (PS3.4 Section CC.2.4.3).
        tell_cancel_request(connection, row, action, requesting_ae=requesting_ae, now=now)
    if row["job_id"] is not None and workitem_performing.request_cancel(
        connection, row, action, requesting_ae=requesting_ae, now=now
    ):
        return Outcome.DONE
    if row["state"] == WorkitemState.SCHEDULED:
        _cancel_unclaimed(connection, row, action, now)
    else:
        tell_cancel_request(connection, row, action, requesting_ae=requesting_ae, now=now)
    return Outcome.DONE


def _claim(
    connection: Connection,
    row: RowMapping,
    transaction_uid: str,
    performing: Performing,
    *,
    performer: str,
    now: float,
) -> None:
    if not is_valid_uid(transaction_uid):
        raise WrongTransaction
    if row["state"] == WorkitemState.IN_PROGRESS:
        raise AlreadyInProgress
    if row["state"] in FINAL:
        raise NoLongerUpdated
    held = hold(connection, row, transaction_uid=transaction_uid, performer=performer)
    if row["job_id"] is None:
        set_state(connection, held, WorkitemState.IN_PROGRESS, now=now)
    else:
        workitem_performing.claim(connection, held, performing, performer, now=now)


def _end(
    connection: Connection,
    row: RowMapping,
    wanted: WorkitemState,
    transaction_uid: str,
    performing: Performing,
    *,
    now: float,
) -> Outcome:
    if row["state"] == WorkitemState.SCHEDULED:
        # Table CC.1.1-2 tells a right lock from a wrong one; while nobody has claimed it there is no right one.
        raise NotInProgress if is_valid_uid(transaction_uid) else WrongTransaction
    if not transaction_uid or transaction_uid != row["transaction_uid"]:
        raise WrongTransaction
    if row["state"] == wanted:
        completed = wanted is WorkitemState.COMPLETED
        return Outcome.ALREADY_COMPLETED if completed else Outcome.ALREADY_CANCELED
    if row["state"] in FINAL:
        raise NoLongerUpdated
    attributes: AttributeList = row["attributes"]
    if wanted is WorkitemState.COMPLETED:
        check_completion(attributes)
    if row["job_id"] is None:
        said = {} if wanted is WorkitemState.COMPLETED else cancellation(attributes, "", now=now)
        set_state(connection, row, wanted, now=now, attributes=said)
    elif wanted is WorkitemState.COMPLETED:
        workitem_performing.complete(connection, row, attributes, performing, now=now)
    else:
        workitem_performing.give_up(connection, row, attributes, now=now)
    return Outcome.DONE


def _cancel_unclaimed(connection: Connection, row: RowMapping, action: AttributeList, now: float) -> None:
    """Cancel by way of IN PROGRESS, so that every watcher sees the states in their order (PS3.4 Section CC.2.2.3)."""
    begun = set_state(connection, row, WorkitemState.IN_PROGRESS, now=now)
    said = cancellation(row["attributes"], text(action, _REASON), now=now)
    set_state(connection, begun, WorkitemState.CANCELED, now=now, attributes=said)


def _has_subscribers(connection: Connection, row: RowMapping) -> bool:
    mine = workitem_subscription.c.workitem_id == row["id"]
    counted = select(func.count()).select_from(workitem_subscription).where(mine)
    return bool(connection.execute(counted).scalar_one())


def _require_performer(row: RowMapping, transaction_uid: str) -> None:
    if row["state"] == WorkitemState.IN_PROGRESS and not transaction_uid:
        # Without a lock nobody but this node performs it.
        raise WrongTransaction
    if row["state"] == WorkitemState.SCHEDULED and row["job_id"] is not None:
        raise PerformedHere


def _record(connection: Connection, row: Any, action: audit.Action, principal: str, now: float) -> None:
    detail = {"sop_instance_uid": row["sop_instance_uid"], "state": row["state"]}
    ids = {"principal": principal, "study_uid": row["study_uid"]}
    audit.append(connection, row["tenant"], action, now=now, detail=detail, **ids)
