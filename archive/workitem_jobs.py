"""The jobs of this node as workitems: made with a job, and taken along with each of its changes.

The job is the truth. PENDING is SCHEDULED, ANALYZING is IN PROGRESS, COMPLETE is COMPLETED, all other ends are CANCELED
with the reason (PS3.4 Section CC.1.1). A state never goes back: an attempt that is repeated leaves its workitem IN
PROGRESS, and a job that begins anew after its end has a new workitem.
"""

from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, select, update

from archive.attribute_lists import AttributeList, key
from archive.event_types import (
    Event,
    JobAnalyzing,
    JobCanceled,
    JobComplete,
    JobFailed,
    JobPending,
    JobProgress,
    JobSkipped,
)
from archive.tables import job as jobs
from archive.tables import series, study, workitem
from archive.times import dicom_moment
from archive.workitem_codes import analyzer_code
from archive.workitem_endings import cancellation, information, performed_here, progress
from archive.workitem_reports import tell_cancel_request
from archive.workitem_rows import PUSH, add, change, new_uid, set_state
from archive.workitem_rules import INPUT, PERFORMED, check_creation
from archive.workitem_states import FINAL, WorkitemState

WORKLIST: Final = "ANALYSIS"
_DESCRIPTION: Final = "ProcedureStepProgressDescription"


def follow(connection: Connection, job: RowMapping, event: Event, *, now: float) -> None:
    """Do to the workitems of a job what `event` says of it."""
    if not job["analyzer"]:
        # A series that no analyzer takes is no step that anybody scheduled.
        return
    rows = open_workitems(connection, job["id"])
    if isinstance(event, JobPending):
        if not rows and not adopt(connection, job):
            make(connection, job, now=now)
        return
    if (step := _STEPS.get(type(event))) is not None:
        for row in rows:
            step(connection, row, job, event, now)


def open_workitems(connection: Connection, job_id: int) -> list[RowMapping]:
    """Return the workitems of a job that have not ended."""
    mine = (workitem.c.job_id == job_id, workitem.c.state.not_in(FINAL))
    statement = select(workitem).where(*mine).order_by(workitem.c.id).with_for_update()
    return list(connection.execute(statement).mappings().all())


def adopt(connection: Connection, job: RowMapping) -> int:
    """Let workitems that ask for what a job does show that job; gives how many there were."""
    wanted = (workitem.c.tenant == job["tenant"], workitem.c.analyzer == job["analyzer"])
    over = (workitem.c.study_uid == job["study_uid"], workitem.c.series_uid == job["series_uid"])
    free = (workitem.c.state == WorkitemState.SCHEDULED.value, workitem.c.job_id.is_(None))
    return connection.execute(update(workitem).where(*wanted, *over, *free).values(job_id=job["id"])).rowcount


def make(connection: Connection, job: RowMapping, *, now: float, replaces: str = "") -> RowMapping:
    """Make the workitem of a job that waits; `replaces` is the UID of one that was canceled."""
    attributes = _described(connection, job, now)
    if replaces:
        reference = {key("ReferencedSOPClassUID"): [PUSH], key("ReferencedSOPInstanceUID"): [replaces]}
        attributes[key("ReplacedProcedureStepSequence")] = [reference]
    uids = {"study_uid": job["study_uid"], "series_uid": job["series_uid"]}
    about = {"job_id": job["id"], "analyzer": job["analyzer"], **uids}
    return add(connection, job["tenant"], new_uid(), check_creation(attributes), now=now, **about)


def release(connection: Connection, job: RowMapping, reason: str, *, now: float) -> None:
    """Deal with a claim that ran out: a step that somebody else claimed is canceled, and scheduled anew."""
    for row in open_workitems(connection, job["id"]):
        if row["transaction_uid"]:
            ended = cancellation(row["attributes"], reason, now=now)
            set_state(connection, row, WorkitemState.CANCELED, now=now, attributes=ended)
            make(connection, job, now=now, replaces=row["sop_instance_uid"])


def ask_to_cancel(
    connection: Connection, job: RowMapping, said: AttributeList, *, requesting_ae: str, now: float
) -> None:
    """Tell the subscribers of a job's workitems that somebody wants it canceled (PS3.4 Section CC.2.2.3)."""
    for row in open_workitems(connection, job["id"]):
        tell_cancel_request(connection, row, said, requesting_ae=requesting_ae, now=now)


def _begin(connection: Connection, row: RowMapping, job: RowMapping, _event: Any, now: float) -> None:
    started = progress(row["attributes"], ProcedureStepProgress=["0"])
    if row["state"] == WorkitemState.SCHEDULED:
        performer = row["performer"] or job["worker"] or ""
        set_state(connection, row, WorkitemState.IN_PROGRESS, now=now, attributes=started, performer=performer)
    else:
        change(connection, row, started, now=now)


def _get_on(connection: Connection, row: RowMapping, _job: RowMapping, event: JobProgress, now: float) -> None:
    if row["transaction_uid"]:
        # Its performer said so itself, in its own words.
        return
    said = {"ProcedureStepProgress": [str(event.percent)], _DESCRIPTION: [event.text] if event.text else []}
    change(connection, row, progress(row["attributes"], **said), now=now)


def _complete(connection: Connection, row: RowMapping, job: RowMapping, _event: Any, now: float) -> None:
    attributes = progress(row["attributes"], ProcedureStepProgress=["100"])
    if not row["attributes"].get(key(PERFORMED)):
        attributes |= performed_here(connection, job)
    set_state(connection, _begun(connection, row, now), WorkitemState.COMPLETED, now=now, attributes=attributes)


def _cancel(
    connection: Connection, row: RowMapping, _job: RowMapping, event: JobFailed | JobSkipped | JobCanceled, now: float
) -> None:
    attributes = cancellation(row["attributes"], event.reason, now=now)
    set_state(connection, _begun(connection, row, now), WorkitemState.CANCELED, now=now, attributes=attributes)


def _begun(connection: Connection, row: RowMapping, now: float) -> RowMapping:
    """Let a workitem that is still SCHEDULED be IN PROGRESS first: no other way leads to a final state."""
    if row["state"] != WorkitemState.SCHEDULED:
        return row
    return set_state(connection, row, WorkitemState.IN_PROGRESS, now=now)


_STEPS: Final[dict[type, Callable[[Connection, RowMapping, RowMapping, Any, float], None]]] = {
    JobAnalyzing: _begin,
    JobProgress: _get_on,
    JobComplete: _complete,
    JobFailed: _cancel,
    JobSkipped: _cancel,
    JobCanceled: _cancel,
}


def _described(connection: Connection, job: RowMapping, now: float) -> dict[str, Any]:
    """Describe a job as a scheduled step; its instances are looked up when somebody asks for them."""
    priority = "HIGH" if job["priority"] > 0 else "LOW" if job["priority"] < 0 else "MEDIUM"
    said: dict[str, list[Any]] = {
        "ProcedureStepState": [WorkitemState.SCHEDULED.value],
        "ScheduledProcedureStepPriority": [priority],
        "ProcedureStepLabel": [f"{job['analyzer']} {job['version']}"[:64]],
        "WorklistLabel": [WORKLIST],
        "ScheduledProcedureStepStartDateTime": [dicom_moment(now)],
        "ScheduledWorkitemCodeSequence": [analyzer_code(job["analyzer"])],
        "InputReadinessState": ["READY"],
        "StudyInstanceUID": [job["study_uid"]],
        INPUT: [information(job["study_uid"], job["series_uid"], ())],
        **_about_patient(connection, job),
    }
    return {key(keyword): row for keyword, row in said.items()}


def _about_patient(connection: Connection, job: RowMapping) -> dict[str, list[Any]]:
    of_series = series.c.id == job["series_id"]
    row = connection.execute(select(study).join(series, series.c.study_id == study.c.id).where(of_series))
    found = row.mappings().one_or_none()
    if found is None:
        return {}
    named = {
        "PatientName": found["patient_name"],
        "PatientID": found["patient_id"],
        "PatientBirthDate": found["patient_birth_date"],
        "PatientSex": found["patient_sex"],
    }
    request = {
        key("StudyInstanceUID"): [job["study_uid"]],
        key("AccessionNumber"): [found["accession_number"]] if found["accession_number"] else [],
    }
    return {
        **{keyword: [value] if value else [] for keyword, value in named.items()},
        "ReferencedRequestSequence": [request],
    }


def job_of(connection: Connection, job_id: int) -> RowMapping | None:
    """Return the job of a workitem, which nobody else changes until this transaction ends."""
    statement = select(jobs).where(jobs.c.id == job_id).with_for_update()
    return connection.execute(statement).mappings().one_or_none()
