"""Audit records: who did what, when, with what outcome (PS3.15 Section A.5). Rows are added, never changed."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select

from archive.pages import DEFAULT_LIMIT, Page, equals, fetch_page
from archive.tables import audit
from archive.times import iso


class Action(StrEnum):
    """What was done."""

    LOGIN = "user.login"
    LOGOUT = "user.logout"
    USER_CREATED = "user.created"
    USER_CHANGED = "user.changed"
    USER_DELETED = "user.deleted"
    APIKEY_CREATED = "apikey.created"
    APIKEY_REVOKED = "apikey.revoked"
    AE_CREATED = "ae.created"
    AE_CHANGED = "ae.changed"
    AE_DELETED = "ae.deleted"
    ROUTE_CREATED = "route.created"
    ROUTE_CHANGED = "route.changed"
    ROUTE_DELETED = "route.deleted"
    ASSOCIATION_REJECTED = "association.rejected"
    INSTANCES_STORED = "instances.stored"
    INSTANCE_REPLACED = "instance.replaced"
    INSTANCES_ACCESSED = "instances.accessed"
    INSTANCES_SENT = "instances.sent"
    QUERY = "query"
    STUDY_DELETED = "study.deleted"
    INSTANCES_DELETED = "instances.deleted"
    JOB_CANCELED = "job.canceled"
    JOB_RETRIED = "job.retried"
    RESULT_ACCEPTED = "result.accepted"
    RESULT_REJECTED = "result.rejected"
    DELIVERY_RETRIED = "delivery.retried"
    REMOTE_QUERY = "remote.query"
    RETRIEVAL_STARTED = "retrieval.started"
    RETRIEVAL_CANCELED = "retrieval.canceled"
    RETRIEVAL_ENDED = "retrieval.ended"
    WORKLIST_CREATED = "worklist.created"
    WORKLIST_CHANGED = "worklist.changed"
    WORKLIST_DELETED = "worklist.deleted"
    PROCEDURE_STEP_CREATED = "procedure-step.created"
    PROCEDURE_STEP_CHANGED = "procedure-step.changed"
    WORKITEM_CREATED = "workitem.created"
    WORKITEM_CHANGED = "workitem.changed"
    WORKITEM_CANCEL_REQUESTED = "workitem.cancel-requested"
    AUDIT_READ = "audit.read"
    STARTED = "node.started"
    STOPPED = "node.stopped"


class Outcome(StrEnum):
    """How it ended."""

    SUCCESS = "success"
    FAILURE = "failure"


def append(
    connection: Connection,
    tenant: str,
    action: Action,
    outcome: Outcome = Outcome.SUCCESS,
    principal: str = "",
    *,
    now: float,
    address: str = "",
    study_uid: str = "",
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Write one record, in the transaction of the change that it speaks of.

    Parameters
    ----------
    action, outcome
        What was done, and how it ended.
    principal
        User, API key or AE title that did it.
    now
        Seconds since the epoch.
    address
        Where it came from.
    study_uid
        The study it concerns.
    detail
        Whatever else belongs to it, as JSON; no names of patients.
    """
    values = {
        "tenant": tenant,
        "time": now,
        "action": action.value,
        "outcome": outcome.value,
        "principal": principal,
        "address": address,
        "study_uid": study_uid,
        "detail": dict(detail or {}),
    }
    connection.execute(insert(audit).values(values))


def listing(
    connection: Connection,
    /,
    tenant: str,
    *,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
    **filters: str | None,
) -> Page:
    """List records; filters: `action`, `outcome`, `principal`, `address`, `study_uid`."""
    columns = {name: audit.c[name] for name in ("action", "outcome", "principal", "address", "study_uid")}
    statement = select(audit).where(audit.c.tenant == tenant, *equals(columns, filters))
    return fetch_page(connection, statement, audit.c.id, _item, limit=limit, cursor=cursor)


def _item(row: RowMapping) -> dict[str, Any]:
    return {
        "id": str(row["id"]),
        "time": iso(row["time"]),
        "action": row["action"],
        "outcome": row["outcome"],
        "principal": row["principal"],
        "address": row["address"],
        "study_uid": row["study_uid"] or None,
        "detail": row["detail"],
    }
