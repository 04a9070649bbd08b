"""Jobs of this node that somebody else performs: claimed, told about and ended through their workitems.

A job may be claimed from outside when its analyzer is declared so (`performer = "external"`). The claim is a lease, as
for the node's own workers: every update prolongs it, and a performer that is not heard of for longer loses the step.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, func, select

from archive import jobs
from archive.attribute_lists import AttributeList, items, text
from archive.errors import Conflict, NotFound
from archive.result_rows import DeliverResult, NewResult
from archive.tables import instance, series
from archive.workitem_errors import AlreadyInProgress, PerformedHere
from archive.workitem_jobs import job_of
from archive.workitem_rules import OUTPUT, PERFORMED, PROGRESS, references

DEFAULT_LEASE_SECONDS: Final = 3_600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Performing:
    """What the node lets others do with its jobs.

    Parameters
    ----------
    external
        The analyzers whose jobs others perform, and for how many seconds a claim of each holds without an update.
    deliver
        Writes the deliveries of a result, in the transaction that records it.
    """

    external: Mapping[str, float] = field(default_factory=dict)
    deliver: DeliverResult | None = None


def claim(connection: Connection, row: RowMapping, performing: Performing, performer: str, *, now: float) -> None:
    """Claim the job of a workitem.

    Raises
    ------
    PerformedHere
        Its analyzer is the node's own.
    AlreadyInProgress
        The job does not wait any more.
    """
    job = job_of(connection, row["job_id"])
    if job is None or job["analyzer"] not in performing.external:
        raise PerformedHere
    lease = performing.external[job["analyzer"]]
    if jobs.claim_one(connection, job["id"], worker_id=performer, lease_seconds=lease, now=now) is None:
        raise AlreadyInProgress


def update(
    connection: Connection, row: RowMapping, changed: AttributeList, performing: Performing, *, now: float
) -> None:
    """Prolong the claim, and tell the feed of the progress that a change speaks of."""
    job = job_of(connection, row["job_id"])
    if job is None:
        return
    lease = performing.external.get(job["analyzer"], DEFAULT_LEASE_SECONDS)
    jobs.heartbeat(connection, job["id"], job["token"], lease_seconds=lease, now=now)
    for item in items(changed, PROGRESS)[:1]:
        percent, said = _percent(item), text(item, "ProcedureStepProgressDescription")
        jobs.progress(connection, job["id"], job["token"], percent, said, now=now)


def complete(
    connection: Connection, row: RowMapping, attributes: AttributeList, performing: Performing, *, now: float
) -> None:
    """Complete the job of a workitem; outputs that are stored here become its results, and go where results go.

    Only objects of the study, and none of the images themselves: a result can be rejected, and is then not shown.
    """
    job = job_of(connection, row["job_id"])
    if job is not None:
        produced = _produced(connection, job, attributes)
        jobs.complete(connection, job["id"], job["token"], produced, now=now, deliver=performing.deliver)


def give_up(connection: Connection, row: RowMapping, attributes: AttributeList, *, now: float) -> None:
    """End the job of a workitem that its performer cancels: CANCELED if that was asked for, else FAILED."""
    job = job_of(connection, row["job_id"])
    if job is None:
        return
    reason = _reason(attributes)
    if job["cancel_requested"]:
        jobs.confirm_cancel(connection, job["id"], job["token"], now=now, reason=reason)
    else:
        # Whoever performs it decided that it cannot be done: it is for a person to try again.
        jobs.fail(connection, job["id"], job["token"], reason, attempts=0, now=now)


def request_cancel(
    connection: Connection, row: RowMapping, said: AttributeList, *, requesting_ae: str, now: float
) -> bool:
    """Call the job of a workitem off; gives False where it has ended, or is not there."""
    tenant, job_id = row["tenant"], row["job_id"]
    try:
        jobs.cancel(connection, tenant, job_id, principal=requesting_ae, said=said, now=now)
    except (Conflict, NotFound):
        return False
    return True


def _percent(item: AttributeList) -> int:
    value = text(item, "ProcedureStepProgress")
    return round(float(value)) if value else 0


def _reason(attributes: AttributeList) -> str:
    for item in items(attributes, PROGRESS):
        codes = items(item, "ProcedureStepDiscontinuationReasonCodeSequence")
        said = [text(item, "ReasonForCancellation"), *(text(code, "CodeMeaning") for code in codes)]
        if found := next(filter(None, said), ""):
            return found
    return "canceled by its performer"


def _produced(connection: Connection, job: RowMapping, attributes: AttributeList) -> list[NewResult]:
    outputs = [output for item in items(attributes, PERFORMED) for output in items(item, OUTPUT)]
    uids = [sop_instance_uid for _, _, sop_instance_uid in references(outputs)]
    of_job = {
        "job_id": job["id"],
        "analyzed_series_uid": job["series_uid"],
        "analyzer": job["analyzer"],
        "version": job["version"],
    }
    return [NewResult(**of_job, **found) for uid in uids if (found := _stored(connection, job, uid))]


def _stored(connection: Connection, job: RowMapping, sop_instance_uid: str) -> dict[str, Any] | None:
    columns = (
        instance.c.study_instance_uid.label("study_uid"),
        instance.c.series_instance_uid.label("series_uid"),
        instance.c.sop_instance_uid,
        instance.c.sop_class_uid,
        func.coalesce(series.c.modality, "").label("modality"),
    )
    which = (
        instance.c.tenant == job["tenant"],
        instance.c.sop_instance_uid == sop_instance_uid,
        instance.c.study_instance_uid == job["study_uid"],
        instance.c.series_instance_uid != job["series_uid"],
    )
    joined = select(*columns).join(series, series.c.id == instance.c.series_id).where(*which)
    row = connection.execute(joined).mappings().one_or_none()
    return None if row is None else dict(row)
